//! What hardly ever happens: at each site something of it happens each year, and within a few sites and years all of
//! it, so that nothing the model knows stays unseen.

use rapport_model::time::{Day, Instant};

use super::line::MINUTE_US;
use super::site::{Place, Site};

/// Something that hardly ever happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Incident {
    /// A relationship ends for that reason.
    Ends(&'static str),
    /// An alliance ruptures for that cause.
    Ruptures(&'static str),
    /// A peer leaves for that reason.
    Leaves(&'static str),
}

use Incident::{Ends, Leaves, Ruptures};

const INCIDENTS: [Incident; 35] = [
    Ends("abuse_of_power"),
    Ruptures("inappropriate_relationship"),
    Ends("died"),
    Ruptures("harmful_behaviour"),
    Ends("harmful_behaviour"),
    Ruptures("negative_comparison"),
    Ends("negative_comparison"),
    Ruptures("boundary_breach"),
    Ends("inappropriate_relationship"),
    Ruptures("abuse_of_power"),
    Ends("boundary_breach"),
    Ruptures("controlling"),
    Ends("controlling"),
    Ruptures("withholding_support"),
    Ends("withholding_support"),
    Ruptures("gossip"),
    Ends("gossip"),
    Ends("unsupported"),
    Ends("overwhelmed"),
    Ends("service_closed"),
    Ends("detained"),
    Ends("ill"),
    Ruptures("unmet_support"),
    Ends("wanted_professional_help"),
    Ruptures("other"),
    Ends("relapse"),
    Leaves("inappropriate_relationship"),
    Leaves("boundary_breach"),
    Leaves("screened_out"),
    Leaves("unsupported"),
    Leaves("relapse"),
    Leaves("overwhelmed"),
    Leaves("other"),
    Leaves("new_job"),
    Leaves("personal"),
];

/// Each happens once in so many sites and years, more rarely where a site is smaller than [`USUAL_DYADS`].
const ONCE_IN: u32 = 3;
const USUAL_DYADS: u32 = 60;

/// What is to happen at a site in a year, with its days.
pub(crate) fn of_year(site: &mut Site, first: Day, year: u32, dyads: u32) -> Vec<(Day, Incident)> {
    let once_in = ONCE_IN * (USUAL_DYADS / dyads.max(1)).max(1);
    let mut planned = Vec::new();
    for (number, incident) in (0..).zip(INCIDENTS) {
        // A peer who leaves takes many relationships along.
        let once_in = if matches!(incident, Leaves(_)) { 2 * once_in } else { once_in };
        if (number + site.desk.site + year).is_multiple_of(once_in) {
            let day = first.plus(site.desk.draws.whole(100, 350) as i32);
            planned.push((day, incident));
        }
    }
    planned
}

impl Site {
    /// What is due happens, in the evening; where it cannot, on the next day it can.
    pub(super) fn incidents(&mut self, day: Day) {
        let due: Vec<_> = self.planned.extract_if(.., |(due, _)| *due <= day).collect();
        for (_, incident) in due {
            if !self.happens(incident, day) {
                self.planned.push((day.plus(1), incident));
            }
        }
    }

    fn happens(&mut self, incident: Incident, day: Day) -> bool {
        if let Leaves(reason) = incident {
            let number = self.desk.draws.whole(0, self.peers.len() as i64 - 1) as usize;
            let at_work = self.peers[number].joins < day;
            if at_work {
                self.leaves(number, reason, day);
            }
            return at_work;
        }
        let number = self.desk.draws.whole(0, self.places.len() as i64 - 1) as usize;
        let at = Instant(day.start().0 + 1050 * MINUTE_US);
        let Some(Place::Open(dyad)) = self.places.get_mut(number) else { return false };
        if !dyad.is_settled() {
            return false;
        }
        match incident {
            Ends(reason) => {
                let fate = dyad.end(reason, at, &mut self.desk);
                self.follows(number, fate, day);
            }
            Ruptures(cause) => dyad.quarrel(cause, at, &mut self.desk),
            Leaves(_) => {}
        }
        true
    }
}
