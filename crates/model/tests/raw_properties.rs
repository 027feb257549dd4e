//! What holds of every raw record, whatever its bytes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use prost::Message as _;
use rapport_model::catalogue::Catalogue;
use rapport_model::pseudonym::Keys;
use rapport_model::raw::{Accepted, CloudEvent, Form, Reason, Rejection, Rules, Sites, accept};
use rapport_model::time::Instant;
use rapport_proto::examples::{self, Example, Expected};
use rapport_proto::v1::RawEvent;
use serde_json::{Map, Value, json};

const TEXTS: [&str; 10] = [
    "event_id",
    "type",
    "site",
    "occurred_at",
    "recorded_at",
    "client",
    "peer",
    "action",
    "ended_by",
    "reason",
];
const MORE_TEXTS: [&str; 19] = [
    "attendance",
    "channel",
    "cause",
    "reported_by",
    "instrument",
    "rater",
    "what",
    "behaviour",
    "valence",
    "direction",
    "affect",
    "by",
    "kind",
    "module",
    "format",
    "step",
    "alert_id",
    "state",
    "retracts",
];
const LISTS: [&str; 4] = ["matched_on", "support", "requested", "practices"];
const INTEGERS: [&str; 2] = ["minutes", "quantity"];
const FLAGS: [&str; 3] = ["held", "scheduled", "finding"];

static EXAMPLES: LazyLock<Vec<Example>> = LazyLock::new(|| examples::load().unwrap());
static GOOD: LazyLock<Vec<Map<String, Value>>> = LazyLock::new(good);
static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    sites: Sites::Listed(examples::SITES.iter().map(|site| site.to_string()).collect()),
    catalogue: Catalogue::embedded(),
    keys: Keys::new(vec![("k1".to_owned(), vec![1; 32])]).unwrap(),
    pseudonymise_event_ids: true,
});

fn judge(bytes: &[u8], form: Form) -> Result<Accepted, Rejection> {
    accept(bytes, form, CloudEvent::default(), &RULES, Instant::parse("2026-06-01T12:00:00Z").unwrap())
}

/// A rejection's words are the model's.
fn check_words(outcome: &Result<Accepted, Rejection>) {
    let Err(Rejection { reason, field }) = outcome else { return };
    let of_the_record = matches!(
        reason,
        Reason::TooLarge | Reason::UnknownSchema | Reason::BadProtobuf | Reason::NotUtf8 | Reason::NotJson
    );
    assert_eq!(field.is_none(), of_the_record);
    let fields = TEXTS.iter().chain(&MORE_TEXTS).chain(&LISTS).chain(&INTEGERS).chain(&FLAGS);
    assert!(
        field
            .is_none_or(|name| name == "?" || name == "scores" || fields.clone().any(|field| *field == name))
    );
}

/// The accepted examples that are JSON objects complete in themselves.
fn good() -> Vec<Map<String, Value>> {
    let accepted =
        examples::load().unwrap().into_iter().filter(|e| matches!(e.expected, Expected::Accepted { .. }));
    let objects =
        accepted.filter_map(|example| serde_json::from_slice::<Map<String, Value>>(&example.bytes).ok());
    objects.filter(|object| object.contains_key("event_id")).collect()
}

fn texts() -> impl Strategy<Value = String> {
    select(vec![
        "contact",
        "measure",
        "relationship",
        "alliance",
        "modelling",
        "peer",
        "started",
        "ended",
        "left",
        "joined",
        "ruptured",
        "attended",
        "client",
        "other",
        "died",
        "training",
        "supervision",
        "comparison",
        "upward",
        "leeds",
        "hull",
        "Leeds",
        "wai-sr",
        "core-10",
        "swemwbs-peer",
        "phq-9",
        "negative",
        "2026-05-04T13:30:00Z",
        "2026-06-02T12:00:01Z",
        "2026-05-01",
        "C-17",
        "C-17 ",
        "",
        "x\u{85}y",
        "00112233445566778899aabbccddeeff",
    ])
    .prop_map(str::to_owned)
}

/// A change of one field to something that both forms can say; `None` takes the field away.
fn edit() -> impl Strategy<Value = (String, Option<Value>)> {
    let name = |names: Vec<&'static str>| select(names).prop_map(str::to_owned);
    let words = select(vec!["age", "gender", "emotional", "psychological_therapy", "empathy", "listening"]);
    let scores = prop::collection::btree_map(
        select(vec!["total", "bond", "goal", "task", "risk"]),
        prop_oneof![0.0..6.0_f64, Just(40.000001), Just(-0.0), Just(f64::MAX)],
        1..4,
    );
    let every: Vec<&str> =
        TEXTS.iter().chain(&MORE_TEXTS).chain(&LISTS).chain(&INTEGERS).chain(&FLAGS).copied().collect();
    prop_oneof![
        2 => name(every).prop_map(|name| (name, None)),
        3 => (name([&TEXTS[..], &MORE_TEXTS[..]].concat()), texts()).prop_map(|(name, text)| (name, Some(json!(text)))),
        1 => (name(LISTS.to_vec()), prop::collection::vec(words, 1..4)).prop_map(|(name, w)| (name, Some(json!(w)))),
        1 => (name(INTEGERS.to_vec()), -1..20_000_i64).prop_map(|(name, n)| (name, Some(json!(n)))),
        1 => (name(FLAGS.to_vec()), any::<bool>()).prop_map(|(name, flag)| (name, Some(json!(flag)))),
        1 => scores.prop_map(|scores| ("scores".to_owned(), Some(json!(scores)))),
    ]
}

/// The same event in Protobuf.
fn in_protobuf(event: &Map<String, Value>) -> RawEvent {
    let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
    let list = |name: &str| -> Vec<String> {
        let words = event.get(name).and_then(Value::as_array).into_iter().flatten();
        words.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let integer = |name: &str| event.get(name).and_then(Value::as_i64);
    let flag = |name: &str| event.get(name).and_then(Value::as_bool);
    let scores = event.get("scores").and_then(Value::as_object).into_iter().flatten();
    RawEvent {
        event_id: text("event_id"),
        r#type: text("type"),
        site: text("site"),
        occurred_at: text("occurred_at"),
        recorded_at: text("recorded_at"),
        client: text("client"),
        peer: text("peer"),
        action: text("action"),
        matched_on: list("matched_on"),
        ended_by: text("ended_by"),
        reason: text("reason"),
        attendance: text("attendance"),
        channel: text("channel"),
        minutes: integer("minutes"),
        support: list("support"),
        requested: list("requested"),
        practices: list("practices"),
        cause: text("cause"),
        reported_by: text("reported_by"),
        instrument: text("instrument"),
        rater: text("rater"),
        scores: scores
            .map(|(name, score)| (name.clone(), score.as_f64().unwrap()))
            .collect::<BTreeMap<_, _>>(),
        what: text("what"),
        behaviour: text("behaviour"),
        valence: text("valence"),
        direction: text("direction"),
        affect: text("affect"),
        by: text("by"),
        kind: text("kind"),
        quantity: integer("quantity"),
        module: text("module"),
        held: flag("held"),
        format: text("format"),
        scheduled: flag("scheduled"),
        step: text("step"),
        alert_id: text("alert_id"),
        state: text("state"),
        finding: flag("finding"),
        retracts: text("retracts"),
    }
}

/// The event with its names and its lists in another order, elements of lists repeated, and white space everywhere.
fn rewritten(event: &Map<String, Value>, order: &[Index]) -> String {
    let mut draws = order.iter().cycle();
    let mut draw = |n: usize| draws.next().map_or(0, |index| index.index(n));
    let mut names: Vec<(&String, Value)> = event.iter().map(|(name, value)| (name, value.clone())).collect();
    let mut text = String::from(" {");
    while !names.is_empty() {
        let (name, mut value) = names.swap_remove(draw(names.len()));
        if let Value::Array(words) = &mut value {
            let (again, at) = (words.first().cloned(), draw(words.len().max(1)));
            words.extend(again);
            words.rotate_left(at);
        }
        let comma = if names.is_empty() { "" } else { "," };
        text.push_str(&format!("\n{} :\t{value}\r\n{comma}", Value::from(name.as_str())));
    }
    text + "} "
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_judged_in_the_models_words(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_words(&judge(&bytes, Form::Json));
        check_words(&judge(&bytes, Form::Protobuf));
    }

    #[test]
    fn a_damaged_record_is_judged_in_the_models_words(
        which in any::<Index>(),
        damage in prop::collection::vec((any::<Index>(), 0..4_u8, any::<u8>(), select(b"\"{}[]:,\\0e9-. ".to_vec())), 1..6),
    ) {
        let example = which.get(&EXAMPLES);
        prop_assume!(example.bytes.len() < 5000 && !example.bytes.is_empty());
        let mut bytes = example.bytes.clone();
        for (at, how, byte, token) in damage {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes[at] = token,
                2 => bytes.insert(at, token),
                _ if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {}
            }
        }
        check_words(&judge(&bytes, Form::Json));
        check_words(&judge(&bytes, Form::Protobuf));
    }

    #[test]
    fn both_forms_are_judged_alike(which in any::<Index>(), edits in prop::collection::vec(edit(), 0..5)) {
        let mut event = which.get(&GOOD).clone();
        // Protobuf has no null and no empty list: they are as if absent.
        event.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
        for (name, value) in edits {
            match value {
                Some(value) => drop(event.insert(name, value)),
                None => drop(event.remove(&name)),
            }
        }
        let as_json = judge(Value::Object(event.clone()).to_string().as_bytes(), Form::Json);
        let as_protobuf = judge(&in_protobuf(&event).encode_to_vec(), Form::Protobuf);
        check_words(&as_json);
        prop_assert_eq!(as_json, as_protobuf);
    }

    #[test]
    fn the_order_of_names_and_the_order_and_repetition_of_a_lists_words_mean_nothing(
        which in any::<Index>(),
        order in prop::collection::vec(any::<Index>(), 30),
    ) {
        let event = which.get(&GOOD);
        let plain = judge(Value::Object(event.clone()).to_string().as_bytes(), Form::Json).unwrap();
        let other = judge(rewritten(event, &order).as_bytes(), Form::Json).unwrap();
        prop_assert_eq!(plain.record(Instant(1)), other.record(Instant(1)));
    }

    #[test]
    fn what_does_not_belong_is_refused_whatever_its_value_and_never_repeated(
        which in any::<Index>(),
        name in "[a-z_]{1,12}",
        null in any::<bool>(),
    ) {
        let mut event = which.get(&GOOD).clone();
        let mut known = TEXTS.iter().chain(&MORE_TEXTS).chain(&LISTS).chain(&INTEGERS).chain(&FLAGS);
        prop_assume!(name != "scores" && !known.any(|known| *known == name));
        event.insert(name, if null { Value::Null } else { json!("secret") });
        let rejection = judge(Value::Object(event).to_string().as_bytes(), Form::Json).unwrap_err();
        prop_assert_eq!(rejection.to_string(), "unknown_field: ?");
    }
}
