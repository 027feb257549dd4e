//! Programs of the machine, and our own.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

/// The root of the repository.
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests lie in the repository").to_owned()
}

/// Where a program is installed.
pub fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")])
        .map(|directory| directory.join(name))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("{name} is not installed: run scripts/install-test-tools"))
}

fn run(name: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    Command::new(program(name))
        .args(args)
        .output()
        .unwrap_or_else(|error| panic!("{name} cannot be run: {error}"))
}

/// Runs `promtool` to its end.
pub fn promtool(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    run("promtool", args)
}

/// Runs `amtool` to its end.
pub fn amtool(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    run("amtool", args)
}

/// Runs `kcat` to its end.
pub fn kcat(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    run("kcat", args)
}

/// One of our own programs that was built beforehand, like the running test.
pub fn built(name: &str) -> PathBuf {
    let program = profile().join(name);
    assert!(program.is_file(), "{name} is not built: run `cargo build --workspace --bins`");
    program
}

/// One of our own programs, built like the running test if need be.
pub fn binary(package: &str, name: &str) -> PathBuf {
    let path = profile().join(name);
    build(&["--package", package, "--bin", name], &path);
    path
}

/// One of this crate's examples, built like the running test if need be: not every way to run a test builds them.
pub fn example(name: &str) -> PathBuf {
    let path = profile().join("examples").join(name);
    build(&["--package", env!("CARGO_PKG_NAME"), "--example", name], &path);
    path
}

/// `target/<profile>`, where the running test was built.
fn profile() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    // target/<profile>/deps/<test> or target/<profile>/examples/<example>
    test.parent().and_then(Path::parent).expect("a test lies in a target directory").to_owned()
}

/// Builds once per test process; cargo sees to it that nothing is built in vain.
fn build(what: &[&str], path: &Path) {
    static BUILT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut built = BUILT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !built.insert(path.to_owned()) {
        return;
    }
    let profile = profile();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet"]).args(what).current_dir(repository());
    cargo.env("CARGO_TARGET_DIR", profile.parent().expect("a profile lies in a target directory"));
    match profile.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => {}
        Some(other) => {
            cargo.args(["--profile", other]);
        }
    }
    assert!(cargo.status().expect("cargo runs").success(), "{} cannot be built", path.display());
    assert!(path.is_file(), "{} was built but is not there", path.display());
}
