//! Settings at random: small ones too, so that what is rare with the model's defaults happens often.

use std::collections::BTreeMap;

use super::Dice;
use crate::oracle::{Given, Settings};

/// Instruments for tests.
pub const INSTRUMENTS: &str = include_str!("../instruments.toml");

/// Mandatory modules that can be asked for.
pub const MODULES: [&str; 3] = ["basics", "safeguarding", "listening"];

/// Settings and instruments by a seed: of every second, the defaults with `shipped` instruments.
pub fn given(shipped: &str, seed: u64) -> Given {
    if seed.is_multiple_of(2) {
        let mut given = Given::from_catalogue(shipped);
        if seed.is_multiple_of(4) {
            given.settings.mandatory_training.insert("basics".to_owned(), Some(30));
        }
        return given;
    }
    let mut dice = Dice::new(seed ^ 0x5e77_1465);
    let mut given = Given::from_catalogue(if dice.percent(80) { INSTRUMENTS } else { shipped });
    let primary = primary_instruments(&given, &mut dice);
    given.settings = Settings {
        weekly: dice.percent(40),
        baseline_ratings: dice.pick(&[1, 2, 3, 5]),
        prior_weight: dice.pick(&[1, 3, 8]),
        in_a_row_days: dice.pick(&[5, 20, 90]),
        unmonitored_days: dice.pick(&[3, 14, 28]),
        dropout_days: dice.pick(&[2, 10, 30, 43]),
        pause_days: dice.pick(&[1, 7, 90]),
        overload_dyads: dice.pick(&[0, 1, 1, 2, 15]),
        supervision_days: dice.pick(&[0, 2, 10, 35]),
        silent_days: dice.pick(&[0, 1, 3, 7]),
        alliance_instrument: dice.pick(&["wai-sr", "srs", "item-alliance"]).to_owned(),
        primary_instruments: primary,
        mandatory_training: mandatory_training(&mut dice),
    };
    given
}

fn mandatory_training(dice: &mut Dice) -> BTreeMap<String, Option<i64>> {
    let mut mandatory = BTreeMap::new();
    for module in MODULES {
        if dice.percent(40) {
            mandatory.insert(module.to_owned(), dice.pick(&[None, Some(1), Some(10), Some(40)]));
        }
    }
    mandatory
}

/// Some constructs' primary instrument is not the first.
fn primary_instruments(given: &Given, dice: &mut Dice) -> BTreeMap<(String, String), String> {
    let mut primary = BTreeMap::new();
    for (id, instrument) in &given.instruments {
        if let (Some(construct), Some(person)) = (&instrument.construct, instrument.target.person())
            && dice.percent(20)
        {
            primary.insert((construct.clone(), person.to_owned()), id.clone());
        }
    }
    primary
}
