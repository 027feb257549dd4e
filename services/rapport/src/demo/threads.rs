//! The services as threads of this process, over a temporary embedded log.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use rapport_model::pseudonym::Keys;
use rapport_model::raw::{Rules, Sites};
use rapport_model::time::Day;
use rapport_proto::topics;
use rapport_runtime::{Clock, Deps, ManualClock, Stop, stopwatch};
use rapport_stream::embedded::EmbeddedLog;
use rapport_stream::port::Log;

use super::Stage;
use super::driver::Hand;
use crate::failure::Failure;
use crate::settings::Config;
use crate::together::{self, Together};

/// Partitions of the demo's topics: enough for sites to lie apart.
pub(super) const PARTITIONS: u32 = 6;

/// Services as threads.
struct Threads {
    log: Arc<dyn Log>,
    hand: ManualClock,
    together: Together,
}

/// Starts the services.
pub(super) fn set(mut config: Config, start: Day, stop: &Stop) -> Result<impl Stage + use<>, Failure> {
    let (clock, hand) = Clock::manual(start.start().0);
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::temporary(clock.millis()).map_err(Failure::failed)?);
    log.create_topics(&topics::ALL, PARTITIONS).map_err(Failure::failed)?;
    listen_where_it_is_free(&mut config);
    let rules = Rules {
        sites: Sites::Any,
        catalogue: config.params()?.catalogue,
        // Nobody's real id is behind these pseudonyms.
        keys: Keys::new(vec![("demo".to_owned(), b"nobody real is here".to_vec())])
            .map_err(Failure::failed)?,
        // So that the driver knows an event again.
        pseudonymise_event_ids: false,
    };
    let deps = Deps {
        log: log.clone(),
        clock,
        stopwatch: stopwatch(),
        stop: stop.clone(),
        instance: "demo".to_owned(),
    };
    let together = together::start(&config, rules, &deps)?;
    Ok(Threads { log, hand, together })
}

impl Stage for Threads {
    fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    fn hand(&self) -> Box<dyn Hand> {
        Box::new(self.hand.clone())
    }

    fn metrics(&self) -> String {
        self.together.admin("exporter").map(|at| at.to_string()).unwrap_or_default()
    }

    fn events(&self) -> String {
        self.together.events().map(|at| at.to_string()).unwrap_or_default()
    }

    fn well(&mut self) -> Result<(), Failure> {
        // A thread that fails asks the whole process to stop and its error comes out at the end.
        Ok(())
    }

    fn end(self: Box<Self>) -> Result<(), Failure> {
        self.together.join()
    }
}

/// Keeps the configured ports where nobody has them, and takes any free ones else.
pub(super) fn listen_where_it_is_free(config: &mut Config) {
    for listen in [
        &mut config.ingest.listen,
        &mut config.indicators.listen,
        &mut config.exporter.listen,
        &mut config.alerts.listen,
    ] {
        *listen = free(*listen);
    }
    let events = config.ingest.http.listen.parse().unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
    config.ingest.http.listen = free(events).to_string();
    config.ingest.http.tokens_file = Default::default();
}

/// The address if it is free, else one with a port that is.
fn free(address: SocketAddr) -> SocketAddr {
    let any = SocketAddr::new(address.ip(), 0);
    let found = TcpListener::bind(address).or_else(|_| TcpListener::bind(any));
    found.and_then(|listener| listener.local_addr()).unwrap_or(any)
}
