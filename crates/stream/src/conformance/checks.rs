//! Topics, records, one session.

use super::{Bench, PARTITIONS, Read, at, same, send, why};
use crate::port::{Created, Error, Output, RecordRef, Sink, Start};
use rapport_proto::topics::TopicSpec;

/// More than any log of ours takes in one record, bytes.
const TOO_LARGE: usize = (1 << 20) + 1;

pub(super) fn topics(bench: &Bench<'_>) -> Result<(), String> {
    let name = bench.topic("topics", "t")?;
    let spec =
        TopicSpec { name, compacted: true, retention_ms: None, min_compaction_lag_ms: None, by_site: true };
    let again = bench.log.create_topics(&[spec], PARTITIONS + 1).map_err(why("create again"))?;
    same("a topic created again", &again, &vec![Created::Existed { partitions: PARTITIONS }])?;
    let partitions = bench.log.partitions(name).map_err(why("partitions"))?;
    same("partitions", &partitions, &Some(PARTITIONS))?;
    let missing = format!("{name}.missing");
    same("partitions of none", &bench.log.partitions(&missing).map_err(why("partitions"))?, &None)?;
    match bench.log.session(&bench.spec("topics", &missing)) {
        Err(Error::Unusable(_)) => Ok(()),
        Err(other) => Err(format!("a session on a missing topic failed to {other}")),
        Ok(_) => Err("a session on a missing topic was opened".to_owned()),
    }
}

pub(super) fn records(bench: &Bench<'_>) -> Result<(), String> {
    let topic = bench.topic("records", "t")?;
    same("an empty topic", &bench.read_all(topic)?, &vec![])?;
    let headers: [(&str, &[u8]); 3] = [("a", b"1"), ("b", b""), ("a", b"2")];
    let whole = Output { topic, partition: Some(1), key: Some(b"k"), value: Some(b"v"), headers: &headers };
    let empty = Output { key: Some(b""), value: Some(b""), headers: &[], ..whole };
    let tombstone = Output { value: None, ..whole };
    let bare = Output { key: None, headers: &[], ..whole };
    let mut appender = bench.log.appender().map_err(why("appender"))?;
    appender.append(&[whole, empty]).map_err(why("append"))?;
    appender.append(&[tombstone, bare]).map_err(why("append"))?;
    let found = bench.read_all(topic)?;
    let expected: Vec<Read> = [whole, empty, tombstone, bare]
        .iter()
        .zip(&found)
        .map(|(output, found)| Read {
            partition: 1,
            offset: found.offset,
            key: output.key.map(<[u8]>::to_vec),
            value: output.value.map(<[u8]>::to_vec),
            headers: output
                .headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.to_vec()))
                .collect(),
        })
        .collect();
    same("records", &found.len(), &4)?;
    same("records", &found, &expected)
}

pub(super) fn fingerprint(bench: &Bench<'_>) -> Result<(), String> {
    let topic = bench.topic("fingerprint", "t")?;
    bench.append(topic, 1, &["1", "2", "1"])?;
    let mut read = Vec::new();
    let mut reader = bench.log.reader(&[topic]).map_err(why("reader"))?;
    while !reader.caught_up().map_err(why("caught up"))? {
        let mut each = |record: &RecordRef<'_>| read.push((record.offset, record.fingerprint()));
        reader.poll(bench.wait, 100, &mut each).map_err(why("reader's poll"))?;
    }
    let ask =
        |partition, offset| bench.log.fingerprint(&at(topic, partition), offset).map_err(why("fingerprint"));
    same("records", &read.len(), &3)?;
    for (offset, fingerprint) in &read {
        same("a fingerprint", &ask(1, *offset)?, &Some(*fingerprint))?;
    }
    if read[0].1 == read[1].1 {
        return Err("different records have one fingerprint".to_owned());
    }
    let end = read.last().map_or(0, |(offset, _)| offset + 1);
    same("a fingerprint past the end", &ask(1, end)?, &None)?;
    same("a fingerprint far past the end", &ask(1, end + 1_000_000)?, &None)?;
    same("a fingerprint in an empty partition", &ask(0, 0)?, &None)
}

pub(super) fn commit(bench: &Bench<'_>) -> Result<(), String> {
    let (input, left, right) =
        (bench.topic("commit", "in")?, bench.topic("commit", "left")?, bench.topic("commit", "right")?);
    bench.append(input, 0, &["1", "2"])?;
    let mut member = bench.member("commit", input)?;
    member.read_count(2)?;
    same("committed before", &member.committed()?, &vec![None, None])?;
    same("dirty before", &member.session.dirty(), &false)?;
    for topic in [left, right] {
        for partition in 0..PARTITIONS {
            member.send(topic, partition, "x")?;
        }
    }
    same("dirty", &member.session.dirty(), &true)?;
    let before = (bench.count_so_far(left)?, bench.count_so_far(right)?);
    same("visible before the commit", &before, &(0, 0))?;
    let next = member.read[1].offset + 1;
    member.commit(0, next)?;
    same("dirty after", &member.session.dirty(), &false)?;
    let after = (bench.texts(left)?, bench.texts(right)?);
    let both = vec!["x".to_owned(); 2];
    same("visible after the commit", &after, &(both.clone(), both))?;
    same("committed after", &member.committed()?, &vec![Some(next), None])
}

pub(super) fn idle_commit(bench: &Bench<'_>) -> Result<(), String> {
    let input = bench.topic("idle", "in")?;
    bench.append(input, 1, &["1"])?;
    let mut member = bench.member("idle", input)?;
    member.read_count(1)?;
    let next = member.read[0].offset + 1;
    member.commit(1, next)?;
    member.commit(1, next)?;
    same("committed", &member.committed()?, &vec![None, Some(next)])
}

pub(super) fn order(bench: &Bench<'_>) -> Result<(), String> {
    let input = bench.topic("order", "in")?;
    bench.append(input, 0, &["1", "2", "3", "4", "5"])?;
    bench.append(input, 1, &["a", "b", "c"])?;
    let mut member = bench.member("order", input)?;
    let mut most = 0;
    for _ in 0..super::POLLS {
        if member.read.len() >= 8 {
            break;
        }
        let (mut count, read) = (0, &mut member.read);
        let mut each = |record: &RecordRef<'_>, _: &mut dyn Sink| {
            read.push(Read::of(record));
            count += 1;
            Ok(())
        };
        member.session.poll(bench.wait, 2, &mut each).map_err(why("poll"))?;
        most = most.max(count);
    }
    same("most records of a poll of two", &most, &2)?;
    same("partition 0", &member.values(0).concat(), &"12345".to_owned())?;
    same("partition 1", &member.values(1).concat(), &"abc".to_owned())?;
    let rising = |partition| {
        let offsets: Vec<u64> =
            member.read.iter().filter(|read| read.partition == partition).map(|read| read.offset).collect();
        offsets.is_sorted_by(|a, b| a < b)
    };
    same("offsets rise", &(rising(0) && rising(1)), &true)
}

pub(super) fn start(bench: &Bench<'_>) -> Result<(), String> {
    let input = bench.topic("start", "in")?;
    bench.append(input, 0, &["1", "2", "3"])?;
    let mut member = bench.member("start", input)?;
    member.read_count(3)?;
    let third = member.read[2].offset;
    for (place, expected) in [(Start::Offset(third), "3"), (Start::Beginning, "123")] {
        member.read.clear();
        member.session.start(&[(at(input, 0), place)]).map_err(why("start again"))?;
        member.read_count(expected.len())?;
        member.stay_quiet()?;
        same("read from a place", &member.values(0).concat(), &expected.to_owned())?;
    }
    Ok(())
}

pub(super) fn failed_record(bench: &Bench<'_>) -> Result<(), String> {
    let input = bench.topic("failed", "in")?;
    bench.append(input, 0, &["1", "2", "3"])?;
    let mut member = bench.member("failed", input)?;
    let mut failed = None;
    let mut offset = 0;
    for _ in 0..super::POLLS {
        let mut each = |record: &RecordRef<'_>, _: &mut dyn Sink| {
            offset = record.offset;
            if record.value == Some(b"2") { Err(Error::Unavailable("on purpose".to_owned())) } else { Ok(()) }
        };
        if let Err(error) = member.session.poll(bench.wait, 100, &mut each) {
            failed = Some(error);
            break;
        }
    }
    same("the error of a poll", &failed, &Some(Error::Unavailable("on purpose".to_owned())))?;
    member.session.renew().map_err(why("renew"))?;
    member.session.start(&[(at(input, 0), Start::Offset(offset))]).map_err(why("start again"))?;
    member.read_count(2)?;
    same("read after the failure", &member.values(0).concat(), &"23".to_owned())
}

pub(super) fn too_large(bench: &Bench<'_>) -> Result<(), String> {
    let (input, output) = (bench.topic("large", "in")?, bench.topic("large", "out")?);
    let large = "x".repeat(TOO_LARGE);
    let mut member = bench.member("large", input)?;
    let sent = send(member.session.sink(), output, 0, &large);
    let done = sent.and_then(|()| member.session.commit(&[(at(input, 0), 0)]));
    match done {
        Err(Error::Unwritable(_)) => {}
        other => return Err(format!("a record that is too large ended in {other:?}")),
    }
    drop(member);
    let record =
        Output { topic: output, partition: None, key: None, value: Some(large.as_bytes()), headers: &[] };
    match bench.log.appender().map_err(why("appender"))?.append(&[record]) {
        Err(Error::Unwritable(_)) => same("visible", &bench.texts(output)?, &vec![]),
        other => Err(format!("appending a record that is too large ended in {other:?}")),
    }
}
