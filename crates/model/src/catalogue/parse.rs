//! Reads a catalogue file, and says where it is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use toml::de::DeTable;

use super::read::{At, Fields, Problem, Problems, number};
use super::{CONSTRUCTS, Conversion, Figure, Instrument, Provenance, Range, Target};

const OUTSIDE: &str = "it is not within the range of the total";

/// Everything that is wrong with a catalogue file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [problem] => write!(f, "read the catalogue, {problem}"),
            problems => {
                write!(f, "read the catalogue, {} problems:", problems.len())?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for CatalogueError {}

/// The instruments of a catalogue file, in its order.
pub(super) fn instruments(toml: &str) -> Result<Vec<(Instrument, Provenance)>, CatalogueError> {
    let mut problems = Problems::new(toml);
    let read = read(toml, &mut problems);
    if problems.found.is_empty() {
        return Ok(read);
    }
    problems.found.sort_by_key(|problem| problem.line);
    Err(CatalogueError { problems: problems.found })
}

fn read(toml: &str, problems: &mut Problems<'_>) -> Vec<(Instrument, Provenance)> {
    let file = match DeTable::parse(toml) {
        Ok(file) => file,
        Err(error) => {
            problems.note(&error.span().unwrap_or_default(), "", error.message().replace('\n', " "));
            return Vec::new();
        }
    };
    let mut list = None;
    for (name, value) in file.get_ref().iter() {
        if name.get_ref() == "instrument" {
            list = value.get_ref().as_array();
            problems.check(list.is_some(), &value.span(), "instrument", "it is not a list of tables");
        } else {
            problems.note(&name.span(), name.get_ref(), "there is no such field");
        }
    }
    let listed = list.is_some_and(|list| !list.is_empty());
    if !listed && problems.found.is_empty() {
        problems.note(&(0..0), "instrument", "there is none");
    }
    let mut ids = BTreeSet::new();
    let entries = list.into_iter().flat_map(|list| list.iter());
    let mut read = Vec::new();
    for entry in entries {
        let Some(mut fields) = Fields::of(entry, "", problems) else { continue };
        read.extend(instrument(&mut fields, &mut ids, problems));
        fields.end(problems);
    }
    read
}

/// One entry, as far as it can be read; what is wrong is noted.
fn instrument(
    fields: &mut Fields<'_, '_>,
    ids: &mut BTreeSet<String>,
    problems: &mut Problems<'_>,
) -> Option<(Instrument, Provenance)> {
    let id = fields.text("id", problems);
    if let Some(id) = &id {
        let good = "it is not 1 to 64 lower-case letters, digits and hyphens";
        problems.check(is_name(&id.value), &id.span, "id", good);
        problems.check(ids.insert(id.value.clone()), &id.span, "id", "another instrument has it");
    }
    let name = fields.text("name", problems);
    let targets = [("alliance", Target::Alliance), ("client", Target::Client), ("peer", Target::Peer)];
    let target = fields.word("target", &targets, problems);
    let construct = construct(fields, target, problems);
    let directions = [("high_is_good", false), ("high_is_bad", true)];
    let high_is_bad = fields.word("direction", &directions, problems);
    let scoring = fields.text("scoring", problems);
    let licence = fields.text("licence", problems);
    let total = Total::of(fields, problems);
    let subscales = subscales(fields, target, problems);
    if matches!(total, Total::None) && subscales.is_empty() {
        problems.note(&fields.span, "total", "there is neither a total nor a subscale");
    }
    let mut provenance = Provenance::default();
    let within_dyad_sd_micros = within_dyad_sd(fields, target, &mut provenance, problems);
    let reliable_change_micros = reliable_change(fields, total, &mut provenance, problems);
    let cut_off_micros = cut_off(fields, total, &mut provenance, problems);
    provenance.conversion = conversion(fields, total, problems);
    provenance.scoring = scoring?.value;
    let instrument = Instrument {
        id: id?.value,
        name: name?.value,
        target: target?,
        construct: construct?,
        subscales,
        total: total.range(),
        high_is_bad: high_is_bad?,
        within_dyad_sd_micros,
        reliable_change_micros,
        cut_off_micros,
        licence: licence?.value,
    };
    Some((instrument, provenance))
}

fn construct(
    fields: &mut Fields<'_, '_>,
    target: Option<Target>,
    problems: &mut Problems<'_>,
) -> Option<String> {
    let given = fields.text_if_any("construct", problems);
    match (given, target?) {
        (None, Target::Alliance) => Some(String::new()),
        (Some(given), Target::Alliance) => {
            problems.note(&given.span, "construct", "an alliance instrument has none");
            None
        }
        (None, _) => {
            problems.note(&fields.span, "construct", "it is missing");
            None
        }
        (Some(given), _) => {
            let known = CONSTRUCTS.contains(&given.value.as_str());
            problems.check(known, &given.span, "construct", "it is none of the model's constructs");
            Some(given.value)
        }
    }
}

fn subscales(
    fields: &mut Fields<'_, '_>,
    target: Option<Target>,
    problems: &mut Problems<'_>,
) -> BTreeMap<String, Range> {
    let mut ranges = BTreeMap::new();
    let Some(value) = fields.get("subscales") else { return ranges };
    let Some(given) = Fields::of(value, "subscales", problems) else { return ranges };
    for (name, bounds) in given.all() {
        let field = format!("subscales.{name}");
        let good = is_name(name) && name != "total";
        problems.check(good, &bounds.span(), &field, "that is no name of a subscale");
        if target == Some(Target::Alliance) {
            let component = matches!(name, "bond" | "goal" | "task");
            let what = "an alliance has the components bond, goal and task";
            problems.check(component, &bounds.span(), &field, what);
        }
        if let Some(range) = range(bounds, &field, problems) {
            ranges.insert(name.to_owned(), range);
        }
    }
    ranges
}

/// The total of an entry.
#[derive(Clone, Copy)]
enum Total {
    /// There is none.
    None,
    /// It cannot be read, which has been noted: nothing more follows from it.
    Wrong,
    Range(Range),
}

impl Total {
    fn of(fields: &mut Fields<'_, '_>, problems: &mut Problems<'_>) -> Total {
        match fields.get("total") {
            None => Total::None,
            Some(bounds) => range(bounds, "total", problems).map_or(Total::Wrong, Total::Range),
        }
    }

    fn range(self) -> Option<Range> {
        if let Total::Range(range) = self { Some(range) } else { None }
    }

    /// Whether that holds of it, as far as is known.
    fn is(self, holds: impl FnOnce(Range) -> bool) -> bool {
        match self {
            Total::None => false,
            Total::Wrong => true,
            Total::Range(range) => holds(range),
        }
    }
}

type Value<'i> = toml::Spanned<toml::de::DeValue<'i>>;

fn range(bounds: &Value<'_>, field: &str, problems: &mut Problems<'_>) -> Option<Range> {
    let mut given = Fields::of(bounds, field, problems)?;
    let (min, max) = (given.number("min", problems), given.number("max", problems));
    given.end(problems);
    let range = Range { min_micros: micros(min?.value), max_micros: micros(max?.value) };
    let rises = range.max_micros > range.min_micros;
    problems.check(rises, &bounds.span(), field, "max is not above min").then_some(range)
}

/// A number with its source, read from `value`, and entered under its name.
fn figure(
    fields: &mut Fields<'_, '_>,
    field: &'static str,
    provenance: &mut Provenance,
    problems: &mut Problems<'_>,
) -> Option<At<f64>> {
    let value = fields.get(field)?;
    let mut given = Fields::of(value, field, problems)?;
    let number = given.number("value", problems);
    let population = given.text_if_any("population", problems);
    let source = given.text("source", problems);
    given.end(problems);
    let population = population.map(|population| population.value).unwrap_or_default();
    let (number, source) = (number?.value, source?.value);
    provenance.figures.insert(field, Figure { micros: micros(number), population, source });
    Some(At { value: number, span: value.span() })
}

fn within_dyad_sd(
    fields: &mut Fields<'_, '_>,
    target: Option<Target>,
    provenance: &mut Provenance,
    problems: &mut Problems<'_>,
) -> Option<i64> {
    let field = "within_dyad_sd";
    let there = fields.get(field).is_some();
    let given = figure(fields, field, provenance, problems);
    match target? {
        Target::Alliance => {
            problems.check(there, &fields.span, field, "an alliance instrument needs one");
        }
        Target::Client | Target::Peer => {
            problems.check(!there, &fields.span, field, "only an alliance instrument has one");
        }
    }
    let At { value, span } = given?;
    let sd = micros(value);
    problems.check((1..=1_000_000).contains(&sd), &span, field, "it is not above 0 and at most 1");
    Some(sd)
}

/// A published value, or z, which with SD and reliability gives z·SD·√(2(1−r)).
fn reliable_change(
    fields: &mut Fields<'_, '_>,
    total: Total,
    provenance: &mut Provenance,
    problems: &mut Problems<'_>,
) -> Option<i64> {
    let field = "reliable_change";
    let sd = figure(fields, "sd", provenance, problems);
    if let Some(sd) = &sd {
        problems.check(sd.value > 0.0, &sd.span, "sd", "it is not above 0");
    }
    let reliability = figure(fields, "reliability", provenance, problems);
    if let Some(r) = &reliability {
        let inside = (0.0..=1.0).contains(&r.value);
        problems.check(inside, &r.span, "reliability", "it is not from 0 to 1");
    }
    let value = fields.get(field)?;
    let span = value.span();
    let mut given = Fields::of(value, field, problems)?;
    let (published, z) = (given.number_if_any("value", problems), given.number_if_any("z", problems));
    let source = given.text("source", problems);
    given.end(problems);
    let change = match (published, z, sd, reliability) {
        (Some(published), None, ..) => published.value,
        (None, Some(z), Some(sd), Some(r)) => z.value * sd.value * (2.0 * (1.0 - r.value)).sqrt(),
        (None, Some(_), ..) => {
            problems.note(&span, field, "z needs `sd` and `reliability`");
            return None;
        }
        _ => {
            problems.note(&span, field, "it has either `value` or `z`");
            return None;
        }
    };
    // A z times an SD may leave the numbers of a scale, and a reliability beyond 1 has no root: neither is above 0 or reached.
    let change = if change.is_finite() { micros(change) } else { 0 };
    problems.check(change > 0, &span, field, "it is not above 0");
    let reached = total.is(|total| change <= total.max_micros - total.min_micros);
    problems.check(reached, &span, field, OUTSIDE);
    let note = if z_was_given(value) { "computed from z, SD and reliability" } else { "" };
    let figure = Figure { micros: change, population: note.to_owned(), source: source?.value };
    provenance.figures.insert(field, figure);
    Some(change)
}

fn z_was_given(change: &Value<'_>) -> bool {
    change.get_ref().as_table().is_some_and(|table| table.contains_key("z"))
}

fn cut_off(
    fields: &mut Fields<'_, '_>,
    total: Total,
    provenance: &mut Provenance,
    problems: &mut Problems<'_>,
) -> Option<i64> {
    let At { value, span } = figure(fields, "cut_off", provenance, problems)?;
    let cut_off = micros(value);
    let inside = total.is(|total| (total.min_micros..=total.max_micros).contains(&cut_off));
    problems.check(inside, &span, "cut_off", OUTSIDE);
    Some(cut_off)
}

/// The published table from raw totals to the scores that are sent.
fn conversion(fields: &mut Fields<'_, '_>, total: Total, problems: &mut Problems<'_>) -> Option<Conversion> {
    let field = "metric";
    let value = fields.get(field)?;
    let span = value.span();
    let mut given = Fields::of(value, field, problems)?;
    let first = given.number("first", problems);
    let scores = given.get("scores").and_then(|scores| scores.get_ref().as_array());
    let what = "it is not a list of numbers that rise from the least total to the greatest";
    problems.check(scores.is_some(), &span, "metric.scores", what);
    let source = given.text("source", problems);
    given.end(problems);
    let read: Option<Vec<i64>> =
        scores?.iter().map(|score| Some(micros(number(score, "metric.scores", problems)?.value))).collect();
    let scores_micros = read?;
    let ends = (scores_micros.first().copied(), scores_micros.last().copied());
    let spans = total.is(|total| ends == (Some(total.min_micros), Some(total.max_micros)));
    problems.check(spans && scores_micros.is_sorted_by(|a, b| a < b), &span, "metric.scores", what);
    let first = first?;
    problems.check(first.value.fract() == 0.0, &first.span, "metric.first", "it is not a whole number");
    Some(Conversion { first_raw: first.value as i64, scores_micros, source: source?.value })
}

fn micros(number: f64) -> i64 {
    (number * 1e6 + 0.5).floor() as i64
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        && !text.starts_with(['-', '_'])
}
