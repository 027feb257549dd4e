//! Ports that stay free until their server has taken them.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the range from which the kernel serves `bind(0)` and outgoing connections, so that no stranger gets one between
/// our look and the server's start.
const FIRST: u32 = 20_000;
const COUNT: u32 = 10_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A port of 127.0.0.1 that no other test process takes while this value lives.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _lock: File,
}

impl Port {
    /// The next free one. Test processes agree through locked files: of two that look at the same moment one goes on.
    pub fn free() -> Port {
        let directory = std::env::temp_dir().join("rapport-test-ports");
        std::fs::create_dir_all(&directory).expect("a directory for port locks can be made");
        let start = std::process::id().wrapping_mul(37);
        for _ in 0..COUNT {
            let turn = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
            let number = u16::try_from(FIRST + turn % COUNT).expect("the range fits");
            let path = directory.join(number.to_string());
            let Ok(lock) = OpenOptions::new().create(true).append(true).open(path) else { continue };
            if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok() {
                return Port { number, _lock: lock };
            }
        }
        panic!("no port between {FIRST} and {} is free", FIRST + COUNT);
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// `127.0.0.1:number`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.number)
    }
}
