//! The page says what was measured.

use std::fs;

use rapport_bench::figures::Figures;
use rapport_bench::{chart, page};
use rapport_tests::harness::repository;

#[test]
fn the_page_and_the_chart_show_the_figures_that_were_kept() {
    let read = |name: &str| fs::read_to_string(repository().join("docs").join(name)).unwrap();
    let figures: Figures = serde_json::from_str(&read("performance.json")).unwrap();
    let shown = read("performance.md");
    assert_eq!(page::renewed(&shown, &figures).unwrap(), shown);
    assert_eq!(chart::svg(&figures), read("performance.svg"));
    assert!(figures.runs.len() > 3, "something was measured");
}
