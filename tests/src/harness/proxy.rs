//! A bad network between clients and one broker.
//!
//! What goes to the broker is forwarded request by request (Kafka: its size in four bytes, then the kind in two), what
//! comes back as it comes. A request that is held back reaches the broker when it is released, even if its client has
//! long given up the connection: that is what a queue somewhere in between does.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::Port;

/// The kind of request that ends a transaction.
pub const END_TXN: i16 = 26;
/// The kind of request that initialises a producer and fences those before it.
pub const INIT_PRODUCER_ID: i16 = 22;
/// The kind of request that asks for the ends of partitions.
pub const LIST_OFFSETS: i16 = 2;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From clients to the broker.
    ToBroker,
    /// From the broker to clients.
    ToClient,
}

#[derive(Default)]
struct State {
    ended: bool,
    cut: bool,
    black_hole: Option<Way>,
    delay: Duration,
    /// The kind that is to be held back, and how many of it are let go before.
    hold: Option<(i16, u32)>,
    held: u64,
    released: u64,
    answered: u64,
    next: u64,
    connections: BTreeMap<u64, (TcpStream, TcpStream)>,
}

#[derive(Default)]
struct Network {
    state: Mutex<State>,
    changed: Condvar,
}

/// Stands before a broker that advertises the proxy's address as its own.
pub struct Proxy {
    port: Port,
    network: Arc<Network>,
}

impl Proxy {
    /// Forwards connections to that address.
    pub fn start(broker: String) -> Proxy {
        let port = Port::free();
        let listener = TcpListener::bind(port.address()).expect("a port of our own can be taken");
        let network = Arc::new(Network::default());
        let ours = Arc::clone(&network);
        thread::spawn(move || {
            for client in listener.incoming() {
                if ours.state().ended {
                    return;
                }
                // A broker that is not there looks as it does without a proxy: the connection ends.
                if let (Ok(client), Ok(broker)) = (client, TcpStream::connect(&broker)) {
                    ours.connect(client, broker);
                }
            }
        });
        Proxy { port, network }
    }

    /// `127.0.0.1:port`, to be advertised.
    pub fn address(&self) -> String {
        self.port.address()
    }

    /// Ends every connection now, and every new one at once, until [`Proxy::heal`].
    pub fn cut(&self) {
        let mut state = self.network.state();
        state.cut = true;
        state.connections.values().for_each(close);
    }

    /// Nothing goes that way any more, and nobody is told, until [`Proxy::heal`].
    pub fn black_hole(&self, way: Way) {
        self.network.state().black_hole = Some(way);
    }

    /// Each piece waits that long, both ways, until [`Proxy::heal`].
    pub fn slow(&self, delay: Duration) {
        self.network.state().delay = delay;
    }

    /// Ends a cut, a black hole and slowness.
    pub fn heal(&self) {
        let mut state = self.network.state();
        (state.cut, state.black_hole, state.delay) = (false, None, Duration::ZERO);
        drop(state);
        self.network.changed.notify_all();
    }

    /// Holds back the next request of that kind, and what follows it on its connection, until [`Proxy::release`].
    pub fn hold_next(&self, kind: i16) {
        self.hold_after(0, kind);
    }

    /// The same with one that comes after so many others of its kind.
    pub fn hold_after(&self, others: u32, kind: i16) {
        self.network.state().hold = Some((kind, others));
    }

    /// How many requests have been held back so far.
    pub fn held(&self) -> u64 {
        self.network.state().held
    }

    /// How many of them the broker has answered since, whether anybody was there to hear it or not.
    pub fn answered(&self) -> u64 {
        self.network.state().answered
    }

    /// Lets go what is held back.
    pub fn release(&self) {
        let mut state = self.network.state();
        state.released = state.held;
        drop(state);
        self.network.changed.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.network.state();
        state.ended = true;
        state.connections.values().for_each(close);
        drop(state);
        self.network.changed.notify_all();
        // The listener wakes up only for a connection.
        drop(TcpStream::connect(self.port.address()));
    }
}

fn close((client, broker): &(TcpStream, TcpStream)) {
    for stream in [client, broker] {
        // One that the other side has closed already cannot be shut down.
        drop(stream.shutdown(Shutdown::Both));
    }
}

impl Network {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(self: &Arc<Self>, client: TcpStream, broker: TcpStream) {
        let copies = (client.try_clone(), broker.try_clone(), client.try_clone(), broker.try_clone());
        let (Ok(client_copy), Ok(broker_copy), Ok(kept_client), Ok(kept_broker)) = copies else { return };
        let mut state = self.state();
        if state.cut {
            return;
        }
        let number = state.next;
        state.next += 1;
        state.connections.insert(number, (kept_client, kept_broker));
        drop(state);
        let late = Arc::new(AtomicBool::new(false));
        let (forth, late_forth) = (Arc::clone(self), Arc::clone(&late));
        thread::spawn(move || {
            while let Some(request) = request(&client) {
                let kind = request.get(4..6).map(|kind| i16::from_be_bytes([kind[0], kind[1]]));
                let held = forth.hold(kind);
                if !forth.pass(Way::ToBroker) {
                    break;
                }
                late_forth.fetch_or(held, Ordering::AcqRel);
                if (&broker).write_all(&request).is_err() {
                    break;
                }
            }
            // Closed before its answer, the connection would take a late request with it.
            let unanswered = |state: &mut State| !state.ended && late_forth.load(Ordering::Acquire);
            drop(forth.changed.wait_while(forth.state(), unanswered));
            if let Some(both) = forth.state().connections.remove(&number) {
                close(&both);
            }
        });
        let back = Arc::clone(self);
        thread::spawn(move || {
            let mut piece = vec![0; 65_536];
            while let Ok(length @ 1..) = (&broker_copy).read(&mut piece) {
                back.hear(&late, 1);
                if !back.pass(Way::ToClient) || (&client_copy).write_all(&piece[..length]).is_err() {
                    break;
                }
            }
            back.hear(&late, 0);
            // The client is told; the other way goes on, for it may still hold something back.
            drop(client_copy.shutdown(Shutdown::Both));
        });
    }

    /// A late request has been answered, or never will be.
    fn hear(&self, late: &AtomicBool, answers: u64) {
        let mut state = self.state();
        if late.swap(false, Ordering::AcqRel) {
            state.answered += answers;
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Waits until a request that is to be held back is released; whether it was one.
    fn hold(&self, kind: Option<i16>) -> bool {
        let mut state = self.state();
        match &mut state.hold {
            Some((wanted, 0)) if kind == Some(*wanted) => state.hold = None,
            Some((wanted, others)) if kind == Some(*wanted) => {
                *others -= 1;
                return false;
            }
            _ => return false,
        }
        state.held += 1;
        let mine = state.held;
        let held = |state: &mut State| !state.ended && state.released < mine;
        drop(self.changed.wait_while(state, held));
        true
    }

    /// Waits as long as the network makes a piece wait; false where it is not to be forwarded.
    fn pass(&self, way: Way) -> bool {
        let mut state = self.state();
        let delay = state.delay;
        if !delay.is_zero() {
            let slow = |state: &mut State| !state.ended && !state.delay.is_zero();
            let waited = self.changed.wait_timeout_while(state, delay, slow);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let swallowed = |state: &mut State| !state.ended && state.black_hole == Some(way);
        state = self.changed.wait_while(state, swallowed).unwrap_or_else(PoisonError::into_inner);
        !state.ended
    }
}

/// The next request of a client, its size included; none when it has closed the connection.
fn request(mut client: &TcpStream) -> Option<Vec<u8>> {
    let mut request = vec![0; 4];
    client.read_exact(&mut request).ok()?;
    let size = u64::from(u32::from_be_bytes([request[0], request[1], request[2], request[3]]));
    let read = client.take(size).read_to_end(&mut request).ok()?;
    (u64::try_from(read) == Ok(size)).then_some(request)
}
