//! The documented figures are what the code gives.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

use rapport_calibrate::figures::{CHECKED, Figures, measure};
use rapport_calibrate::{chart, page};

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

fn documented() -> Figures {
    serde_json::from_str(&fs::read_to_string(docs("calibration.json")).unwrap()).unwrap()
}

/// With `RAPPORT_BLESS=1` everything is measured and written anew first, with the documented seed and number of pairs.
fn bless() {
    if std::env::var_os("RAPPORT_BLESS").is_none() {
        return;
    }
    let before = documented();
    let figures = measure(before.seed, before.pairs(), &|_| {}).unwrap();
    fs::write(docs("calibration.json"), serde_json::to_string(&figures).unwrap() + "\n").unwrap();
    fs::write(docs("calibration.md"), page::page(&figures).unwrap()).unwrap();
    fs::write(docs("calibration.svg"), chart::svg(&figures).unwrap()).unwrap();
}

#[test]
fn the_page_the_chart_and_the_counts_are_what_the_product_gives_today() {
    bless();
    let figures = documented();
    let again = measure(figures.seed, CHECKED, &|_| {}).unwrap();
    assert!(figures.pairs() >= 10_000);
    assert_eq!(again.rows.len(), figures.rows.len(), "measure anew: RAPPORT_BLESS=1");
    for (now, then) in again.rows.iter().zip(&figures.rows) {
        assert_eq!(now.scenario, then.scenario, "measure anew: RAPPORT_BLESS=1");
        assert_eq!(now.checked, then.checked, "{}: measure anew: RAPPORT_BLESS=1", now.scenario);
    }
    let read = |name: &str| fs::read_to_string(docs(name)).unwrap();
    assert!(read("calibration.md") == page::page(&figures).unwrap(), "the page is another: RAPPORT_BLESS=1");
    assert!(
        read("calibration.svg") == chart::svg(&figures).unwrap(),
        "the chart is another: RAPPORT_BLESS=1"
    );
}
