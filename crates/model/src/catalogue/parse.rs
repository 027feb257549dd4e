//! Reads a catalogue file, and says where it is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range as Span;

use serde::Deserialize;
use toml::Spanned;

use super::{CONSTRUCTS, Instrument, Provenance, Range, Target};

/// Greatest magnitude of a number of a scale: its millionths, squared once over a range, still fit an i64.
const MAX_NUMBER: f64 = 1e6;

/// Where and why a catalogue file is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the catalogue, line {line}{}: {problem}", in_field(field))]
pub struct CatalogueError {
    /// The line, counted from 1.
    pub line: usize,
    /// The field; empty where the text is no TOML or the reader's message names it.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

fn in_field(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(", `{field}`") }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    instrument: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Spanned<String>,
    name: Spanned<String>,
    target: Target,
    construct: Option<Spanned<String>>,
    direction: Direction,
    scoring: Spanned<String>,
    licence: Spanned<String>,
    total: Option<Spanned<Bounds>>,
    #[serde(default)]
    subscales: BTreeMap<String, Spanned<Bounds>>,
    within_dyad_sd: Option<Spanned<Figure>>,
    sd: Option<Spanned<Figure>>,
    reliability: Option<Spanned<Figure>>,
    reliable_change: Option<Spanned<Change>>,
    cut_off: Option<Spanned<Figure>>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Direction {
    HighIsGood,
    HighIsBad,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    min: f64,
    max: f64,
}

/// A number and where it comes from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Figure {
    value: f64,
    population: Option<String>,
    source: String,
}

/// A published value, or z, which with SD and reliability gives z·SD·√(2(1−r)).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    value: Option<f64>,
    z: Option<f64>,
    source: String,
}

/// The instruments of a catalogue file, in its order.
pub(super) fn instruments(toml: &str) -> Result<Vec<(Instrument, Provenance)>, CatalogueError> {
    let at = |span: Span<usize>| {
        1 + toml.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count()
    };
    let file: File = toml::from_str(toml).map_err(|error| CatalogueError {
        line: error.span().map_or(1, at),
        field: String::new(),
        problem: error.message().replace('\n', " "),
    })?;
    let mut ids = BTreeSet::new();
    let mut checked = Vec::with_capacity(file.instrument.len());
    for entry in file.instrument {
        let whole = entry.span();
        let read = instrument(entry.into_inner(), whole.clone(), &mut ids);
        checked.push(read.map_err(|wrong| CatalogueError {
            line: at(wrong.span.unwrap_or(whole)),
            field: wrong.field,
            problem: wrong.problem.to_owned(),
        })?);
    }
    Ok(checked)
}

struct Wrong {
    span: Option<Span<usize>>,
    field: String,
    problem: &'static str,
}

fn wrong(span: Span<usize>, field: &str, problem: &'static str) -> Wrong {
    Wrong { span: Some(span), field: field.to_owned(), problem }
}

fn check(holds: bool, span: Span<usize>, field: &str, problem: &'static str) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(wrong(span, field, problem)) }
}

fn instrument(
    entry: Entry,
    whole: Span<usize>,
    ids: &mut BTreeSet<String>,
) -> Result<(Instrument, Provenance), Wrong> {
    check(
        is_name(entry.id.as_ref()),
        entry.id.span(),
        "id",
        "it is not 1 to 64 lower-case letters, digits and hyphens",
    )?;
    check(ids.insert(entry.id.as_ref().clone()), entry.id.span(), "id", "another instrument has it")?;
    for (text, field) in [(&entry.name, "name"), (&entry.scoring, "scoring"), (&entry.licence, "licence")] {
        check(!text.as_ref().trim().is_empty(), text.span(), field, "it is empty")?;
    }
    let construct = construct(&entry, whole.clone())?;
    let total = entry.total.as_ref().map(|bounds| range(bounds, "total")).transpose()?;
    let subscales = subscales(&entry)?;
    check(
        total.is_some() || !subscales.is_empty(),
        whole.clone(),
        "total",
        "there is neither a total nor a subscale",
    )?;
    let mut provenance = Provenance { scoring: entry.scoring.as_ref().clone(), ..Provenance::default() };
    let within_dyad_sd_micros = within_dyad_sd(&entry, whole, &mut provenance)?;
    let sd = figure(entry.sd.as_ref(), "sd", &mut provenance)?;
    let reliability = figure(entry.reliability.as_ref(), "reliability", &mut provenance)?;
    let reliable_change = reliable_change(&entry, sd, reliability, &mut provenance)?;
    let cut_off = figure(entry.cut_off.as_ref(), "cut_off", &mut provenance)?.map(micros);
    if let (Some(spanned), Some(cut_off)) = (&entry.cut_off, cut_off) {
        let inside = total.is_some_and(|total| (total.min_micros..=total.max_micros).contains(&cut_off));
        check(inside, spanned.span(), "cut_off", "it is not within the range of the total")?;
    }
    let instrument = Instrument {
        id: entry.id.into_inner(),
        name: entry.name.into_inner(),
        target: entry.target,
        construct,
        subscales,
        total,
        high_is_bad: entry.direction == Direction::HighIsBad,
        within_dyad_sd_micros,
        reliable_change_micros: reliable_change,
        cut_off_micros: cut_off,
        licence: entry.licence.into_inner(),
    };
    Ok((instrument, provenance))
}

fn construct(entry: &Entry, whole: Span<usize>) -> Result<String, Wrong> {
    match (&entry.construct, entry.target) {
        (None, Target::Alliance) => Ok(String::new()),
        (Some(given), Target::Alliance) => {
            Err(wrong(given.span(), "construct", "an alliance instrument has none"))
        }
        (None, _) => Err(wrong(whole, "construct", "it is missing")),
        (Some(given), _) => {
            let known = CONSTRUCTS.contains(&given.as_ref().as_str());
            check(known, given.span(), "construct", "it is none of the model's constructs")?;
            Ok(given.as_ref().clone())
        }
    }
}

fn subscales(entry: &Entry) -> Result<BTreeMap<String, Range>, Wrong> {
    let mut ranges = BTreeMap::new();
    for (name, bounds) in &entry.subscales {
        let field = format!("subscales.{name}");
        check(is_name(name) && name != "total", bounds.span(), &field, "that is no name of a subscale")?;
        if entry.target == Target::Alliance {
            let component = matches!(name.as_str(), "bond" | "goal" | "task");
            check(component, bounds.span(), &field, "an alliance has the components bond, goal and task")?;
        }
        ranges.insert(name.clone(), range(bounds, &field)?);
    }
    Ok(ranges)
}

fn range(bounds: &Spanned<Bounds>, field: &str) -> Result<Range, Wrong> {
    let Bounds { min, max } = *bounds.as_ref();
    check(
        fits(min) && fits(max),
        bounds.span(),
        field,
        "a bound is not a number between -1000000 and 1000000",
    )?;
    let range = Range { min_micros: micros(min), max_micros: micros(max) };
    check(range.max_micros > range.min_micros, bounds.span(), field, "max is not above min")?;
    Ok(range)
}

fn within_dyad_sd(
    entry: &Entry,
    whole: Span<usize>,
    provenance: &mut Provenance,
) -> Result<Option<i64>, Wrong> {
    let field = "within_dyad_sd";
    let given = figure(entry.within_dyad_sd.as_ref(), field, provenance)?.map(micros);
    let span = entry.within_dyad_sd.as_ref().map_or(whole, Spanned::span);
    match (given, entry.target) {
        (None, Target::Alliance) => Err(wrong(span, field, "an alliance instrument needs one")),
        (Some(_), Target::Client | Target::Peer) => {
            Err(wrong(span, field, "only an alliance instrument has one"))
        }
        (Some(sd), _) => {
            check((1..=1_000_000).contains(&sd), span, field, "it is not above 0 and at most 1")?;
            Ok(Some(sd))
        }
        (None, _) => Ok(None),
    }
}

fn reliable_change(
    entry: &Entry,
    sd: Option<f64>,
    reliability: Option<f64>,
    provenance: &mut Provenance,
) -> Result<Option<i64>, Wrong> {
    let field = "reliable_change";
    if let (Some(sd), Some(spanned)) = (sd, &entry.sd) {
        check(sd > 0.0, spanned.span(), "sd", "it is not above 0")?;
    }
    if let (Some(r), Some(spanned)) = (reliability, &entry.reliability) {
        check((0.0..=1.0).contains(&r), spanned.span(), "reliability", "it is not from 0 to 1")?;
    }
    let Some(spanned) = &entry.reliable_change else { return Ok(None) };
    let change = spanned.as_ref();
    check(!change.source.trim().is_empty(), spanned.span(), field, "its source is missing")?;
    let value = match (change.value, change.z, sd, reliability) {
        (Some(value), None, ..) => value,
        (None, Some(z), Some(sd), Some(r)) => z * sd * (2.0 * (1.0 - r)).sqrt(),
        (None, Some(_), ..) => return Err(wrong(spanned.span(), field, "z needs `sd` and `reliability`")),
        _ => return Err(wrong(spanned.span(), field, "it has either `value` or `z`")),
    };
    check(fits(value) && micros(value) > 0, spanned.span(), field, "it is not above 0")?;
    provenance.figures.insert(field, format!("{value}; {}", change.source));
    Ok(Some(micros(value)))
}

fn figure(
    figure: Option<&Spanned<Figure>>,
    field: &'static str,
    provenance: &mut Provenance,
) -> Result<Option<f64>, Wrong> {
    let Some(spanned) = figure else { return Ok(None) };
    let Figure { value, population, source } = spanned.as_ref();
    check(fits(*value), spanned.span(), field, "it is not a number between -1000000 and 1000000")?;
    check(!source.trim().is_empty(), spanned.span(), field, "its source is missing")?;
    let population = population.as_deref().map_or(String::new(), |population| format!("{population}; "));
    provenance.figures.insert(field, format!("{value}; {population}{source}"));
    Ok(Some(*value))
}

fn fits(number: f64) -> bool {
    number.is_finite() && number.abs() <= MAX_NUMBER
}

fn micros(number: f64) -> i64 {
    (number * 1e6 + 0.5).floor() as i64
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        && !text.starts_with(['-', '_'])
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;

    const GOOD: &str = r#"[[instrument]]
id = "x"
name = "X"
target = "client"
construct = "hope"
direction = "high_is_good"
scoring = "one item"
licence = "free"
total = { min = 0, max = 10 }
sd = { value = 2, source = "s" }
reliability = { value = 0.5, source = "s" }
reliable_change = { z = 1.96, source = "s" }
"#;

    #[test]
    fn a_reliable_change_is_computed_from_z_sd_and_reliability() {
        let catalogue = Catalogue::parse(GOOD).unwrap();
        assert_eq!(catalogue.get("x").unwrap().reliable_change_micros, Some(3_920_000));
        assert_eq!(catalogue.provenance("x").unwrap().figures["sd"], "2; s");
    }

    #[test]
    fn a_wrong_catalogue_says_line_and_field() {
        let alliance = GOOD.replace("\"client\"\nconstruct = \"hope\"", "\"alliance\"");
        let said = |toml: &str| Catalogue::parse(toml).unwrap_err().to_string();
        for (toml, expected) in [
            (
                GOOD.replace("max = 10", "max = 0"),
                "read the catalogue, line 9, `total`: max is not above min",
            ),
            (
                GOOD.replace("z = 1.96", "value = 0.0"),
                "read the catalogue, line 12, `reliable_change`: it is not above 0",
            ),
            (
                GOOD.replace("z = 1.96", "value = -1"),
                "read the catalogue, line 12, `reliable_change`: it is not above 0",
            ),
            (
                GOOD.replace("z = 1.96", "value = nan"),
                "read the catalogue, line 12, `reliable_change`: it is not above 0",
            ),
            (alliance, "read the catalogue, line 1, `within_dyad_sd`: an alliance instrument needs one"),
            (
                GOOD.replace("hope", "joy"),
                "read the catalogue, line 5, `construct`: it is none of the model's constructs",
            ),
            (format!("{GOOD}{GOOD}"), "read the catalogue, line 14, `id`: another instrument has it"),
            (
                GOOD.replace("value = 0.5, source = \"s\"", "value = 0.5, source = \" \""),
                "read the catalogue, line 11, `reliability`: its source is missing",
            ),
        ] {
            assert_eq!(said(&toml), expected);
        }
        assert!(
            said(&GOOD.replace("licence", "license"))
                .starts_with("read the catalogue, line 8: unknown field `license`")
        );
        assert!(said(&GOOD.replace("licence = \"free\"\n", "")).contains("missing field `licence`"));
        assert!(said("[[instrument]\n").starts_with("read the catalogue, line 1: "));
    }
}
