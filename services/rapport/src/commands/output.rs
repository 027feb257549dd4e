//! Where a command's results go.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::failure::Failure;

/// What writing to standard output comes to. A reader who has seen enough (`| head`) is no failure.
pub(crate) fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// A text for people on standard output, with a line break after it.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")))
}

/// A new file, written through a buffer; `flush` it.
pub(crate) fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    let file = File::create(path).map_err(|error| Failure::file("create", path, &error))?;
    Ok(BufWriter::with_capacity(1 << 18, file))
}
