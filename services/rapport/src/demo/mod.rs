//! The demo: a simulated charity, the real services, and a screen.
//!
//! [`driver`] plays the charity, [`board`] gathers what comes out of the log, [`screen`] shows it. The services run as
//! threads over a temporary embedded log, or, in [`processes`], as processes over a Kafka cluster.

mod answers;
pub mod board;
pub mod driver;
pub mod processes;
pub mod screen;
pub mod table;
mod threads;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rapport_runtime::{Stop, stop_on_signals, stopwatch};
use rapport_stream::port::{Error, Log};

use crate::failure::Failure;
use crate::settings::Config;
use crate::simulate::{MODULES, Plan};

use self::board::{Board, TOPICS};
use self::driver::{Driver, Hand};
use self::screen::Screen;

/// How often the screen is drawn.
const DRAW: Duration = Duration::from_millis(250);
/// How long after the first year the services may take to say what they have to say about it.
const SETTLE: Duration = Duration::from_secs(60);

/// What the demo is to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The charity; its days pass as fast as the services take them in.
    pub plan: Plan,
    /// Seconds that a day takes afterwards.
    pub seconds_per_day: f64,
    /// Whether to end when the first year is over and everything is said about it.
    pub once: bool,
    /// When to end at the latest, since the start.
    pub longest: Option<Duration>,
    /// Where Kafka is; `None` is the embedded log.
    pub brokers: Option<String>,
}

/// The services, however they run.
pub trait Stage {
    /// The log between them.
    fn log(&self) -> &Arc<dyn Log>;
    /// The ingest clock.
    fn hand(&self) -> Box<dyn Hand>;
    /// Where /metrics of the exporter is.
    fn metrics(&self) -> String;
    /// Where events can be posted.
    fn events(&self) -> String;
    /// Whether all services are still at work.
    ///
    /// # Errors
    /// Which one is not.
    fn well(&mut self) -> Result<(), Failure>;
    /// Ends the services.
    ///
    /// # Errors
    /// What went wrong with one.
    fn end(self: Box<Self>) -> Result<(), Failure>;
}

/// Plays the demo to its end.
///
/// # Errors
/// Where a service cannot start or fails, or the year is not over in time.
pub fn play(options: &Options, mut config: Config) -> Result<(), Failure> {
    if config.model.mandatory_training.is_empty() {
        // What the simulated peers are trained in; without it nobody's training could lapse.
        let modules = MODULES.map(|(module, days)| (module.to_owned(), days));
        config.model.mandatory_training = modules.into();
    }
    let stop = Stop::new();
    stop_on_signals(&stop).map_err(|error| Failure::failed(format!("listen to signals: {error}")))?;
    let mut stage: Box<dyn Stage> = match &options.brokers {
        Some(brokers) => Box::new(processes::set(brokers, config, options.plan.start, &stop)?),
        None => Box::new(threads::set(config, options.plan.start, &stop)?),
    };
    let played = act(options, stage.as_mut(), &stop);
    stop.trigger();
    let ended = stage.end();
    played.and(ended)
}

fn act(options: &Options, stage: &mut dyn Stage, stop: &Stop) -> Result<(), Failure> {
    let board = Arc::new(Board::default());
    let reading = read(stage.log().clone(), board.clone(), stop.clone()).map_err(Failure::failed)?;
    let seconds_per_day = if options.once { 0.0 } else { options.seconds_per_day };
    let appender = stage.log().appender().map_err(Failure::failed)?;
    let driver =
        Driver::new(&options.plan, appender, board.clone(), stage.hand(), stop.clone(), seconds_per_day);
    let driving = spawn("demo-driver", move || driver.run())?;
    let watched = watch(options, stage, &board, stop);
    stop.trigger();
    let drove = joined(driving);
    watched.and(drove).and(joined(reading))
}

/// Draws until the end.
fn watch(options: &Options, stage: &mut dyn Stage, board: &Board, stop: &Stop) -> Result<(), Failure> {
    let mut screen = Screen::new(stage.metrics(), stage.events());
    let since = stopwatch();
    let drawn =
        |result: std::io::Result<()>| result.map_err(|error| Failure::failed(format!("draw: {error}")));
    drawn(screen.open())?;
    let mut year_over = None;
    let outcome = loop {
        let stopped = stop.wait_for(DRAW);
        let well = stage.well();
        if stopped || well.is_err() {
            break well;
        }
        let now = since();
        let seen = board.seen();
        drawn(screen.draw(&seen, now))?;
        if options.longest.is_some_and(|longest| now >= longest) {
            break Ok(());
        }
        let year_over = if seen.live { *year_over.get_or_insert(now) } else { continue };
        let yesterday = seen.clock.day().plus(-1).to_string();
        let all_there = seen.sites.len() == options.plan.sites as usize
            && seen.sites.values().all(|figures| figures.release >= yesterday);
        if options.once && all_there {
            break Ok(());
        }
        if options.once && now.saturating_sub(year_over) > SETTLE {
            break Err(Failure::failed("see every site's last release a minute after the year was over"));
        }
    };
    drawn(screen.close(&board.seen(), since()))?;
    outcome
}

/// Follows the log.
fn read(log: Arc<dyn Log>, board: Arc<Board>, stop: Stop) -> Result<JoinHandle<Result<(), Error>>, Failure> {
    let mut reader = log.reader(&TOPICS).map_err(Failure::failed)?;
    spawn("demo-reader", move || {
        while !stop.is_set() {
            match reader.poll(Duration::from_millis(100), 2000, &mut |record| board.record(record)) {
                Ok(0) => {}
                Ok(_) => board.wake(),
                Err(Error::Unavailable(_)) => {
                    stop.wait_for(Duration::from_millis(500));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    })
}

fn spawn(
    name: &str,
    work: impl FnOnce() -> Result<(), Error> + Send + 'static,
) -> Result<JoinHandle<Result<(), Error>>, Failure> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map_err(|error| Failure::failed(format!("start a thread: {error}")))
}

fn joined(thread: JoinHandle<Result<(), Error>>) -> Result<(), Failure> {
    match thread.join() {
        Ok(result) => result.map_err(Failure::failed),
        Err(_) => Err(Failure::failed("play the demo: a thread panicked")),
    }
}

#[cfg(test)]
mod tests;
