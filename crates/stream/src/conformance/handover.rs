//! What happens to transactions and partitions when sessions end, are renewed, or meet.

use super::{Bench, at, same, why};
use crate::port::Error;

pub(super) fn dropped_session(bench: &Bench<'_>) -> Result<(), String> {
    let (input, output) = (bench.topic("dropped", "in")?, bench.topic("dropped", "out")?);
    bench.append(input, 0, &["1"])?;
    let mut first = bench.member("dropped", input)?;
    first.read_count(1)?;
    first.send(output, 0, "never")?;
    drop(first);
    let mut second = bench.member("dropped", input)?;
    second.read_count(1)?;
    same("the record after a dropped transaction", &second.values(0), &vec!["1".to_owned()])?;
    same("committed", &second.committed()?, &vec![None, None])?;
    second.send(output, 0, "once")?;
    let next = second.read[0].offset + 1;
    second.commit(0, next)?;
    same("visible", &bench.texts(output)?, &vec!["once".to_owned()])?;
    drop(second);
    let mut third = bench.member("dropped", input)?;
    third.stay_quiet()?;
    same("read after the committed position", &third.read, &vec![])
}

pub(super) fn renewal(bench: &Bench<'_>) -> Result<(), String> {
    let (input, output) = (bench.topic("renewal", "in")?, bench.topic("renewal", "out")?);
    bench.append(input, 0, &["1"])?;
    let mut member = bench.member("renewal", input)?;
    member.read_count(1)?;
    member.send(output, 0, "never")?;
    member.session.renew().map_err(why("renew"))?;
    same("dirty after a renewal", &member.session.dirty(), &false)?;
    same("committed after a renewal", &member.committed()?, &vec![None, None])?;
    member.send(output, 1, "once")?;
    let next = member.read[0].offset + 1;
    member.commit(0, next)?;
    same("visible", &bench.texts(output)?, &vec!["once".to_owned()])?;
    member.session.renew().map_err(why("renew again"))?;
    same("committed", &member.committed()?, &vec![Some(next), None])
}

/// Two sessions of one name: the older one can commit nothing from then on.
pub(super) fn takeover(bench: &Bench<'_>) -> Result<(), String> {
    let (input, output) = (bench.topic("takeover", "in")?, bench.topic("takeover", "out")?);
    bench.append(input, 0, &["1"])?;
    let mut old = bench.member("takeover", input)?;
    old.read_count(1)?;
    old.send(output, 0, "never")?;
    let next = old.read[0].offset + 1;
    let session = bench.log.session(&bench.spec("takeover", input)).map_err(why("second session"))?;
    match old.session.commit(&[(at(input, 0), next)]) {
        Err(Error::Fenced(_) | Error::Doubt(_)) => {}
        other => return Err(format!("the older session's commit ended in {other:?}")),
    }
    drop(old);
    let mut new = bench.joined(session, input);
    new.own_all()?;
    new.read_count(1)?;
    same("committed", &new.committed()?, &vec![None, None])?;
    new.send(output, 0, "once")?;
    new.commit(0, next)?;
    same("visible", &bench.texts(output)?, &vec!["once".to_owned()])
}

/// Two workers of one group share its partitions and lose nothing by it.
pub(super) fn release(bench: &Bench<'_>) -> Result<(), String> {
    let input = bench.topic("release", "in")?;
    bench.append(input, 0, &["1"])?;
    bench.append(input, 1, &["a"])?;
    let mut first = bench.member("release", input)?;
    first.read_count(2)?;
    for read in first.read.clone() {
        first.commit(read.partition, read.offset + 1)?;
    }
    let mut spec = bench.spec("release", input);
    spec.worker = 1;
    let session = bench.log.session(&spec).map_err(why("second session"))?;
    let mut second = bench.joined(session, input);
    for _ in 0..super::POLLS {
        first.poll()?;
        second.poll()?;
        if first.owned.len() == 1 && second.owned.len() == 1 {
            break;
        }
    }
    same("partitions of each", &(first.owned.len(), second.owned.len()), &(1, 1))?;
    bench.append(input, 0, &["2"])?;
    bench.append(input, 1, &["b"])?;
    first.read_count(3)?;
    second.read_count(1)?;
    first.stay_quiet()?;
    let mut found: Vec<String> = first.read[2..].iter().chain(&second.read).map(super::Read::text).collect();
    found.sort();
    same("what both read", &found, &vec!["2".to_owned(), "b".to_owned()])
}
