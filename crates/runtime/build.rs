//! Records what was built: the source revision and the compiler.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=RAPPORT_REVISION");
    println!("cargo:rustc-env=RAPPORT_REVISION={}", revision());
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    println!(
        "cargo:rustc-env=RAPPORT_RUSTC={}",
        output(&rustc, &["--version"]).unwrap_or_else(|| "unknown".to_owned())
    );
}

/// A debug build does not ask git: each commit would compile every service anew.
fn revision() -> String {
    if let Ok(revision) = std::env::var("RAPPORT_REVISION") {
        return revision;
    }
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        return "unreleased".to_owned();
    }
    if let Some(head) = output("git", &["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo:rerun-if-changed={head}");
    }
    output("git", &["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned())
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
