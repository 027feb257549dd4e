//! What is counted of peers and of clients.

use std::collections::BTreeSet;

use rapport_proto::v1::{self, event::Body};

use super::Window;
use crate::oracle::dyads::{is_attended, left};
use crate::oracle::log;
use crate::oracle::site::Site;
use crate::oracle::words::{self, word};

fn development(event: &v1::Event) -> Option<&v1::Development> {
    match &event.body {
        Some(Body::Development(development)) => Some(development),
        _ => None,
    }
}

/// Whether a module's training, on `trained`, is still valid on a day.
fn is_valid(validity: Option<i64>, trained: i64, day: i64) -> bool {
    validity.is_none_or(|days| day - trained <= days)
}

impl Window<'_> {
    /// Counts what concerns persons.
    pub(super) fn count_persons(&mut self, site: &Site<'_>) {
        for peer in site.peers() {
            self.count_peer(site, peer);
        }
        for client in site.clients() {
            self.count_client(site, client);
        }
        let span = self.span;
        for event in site.events.iter().filter(|event| span.has(log::day(event), 0)) {
            if let Some(reason) = left(event) {
                self.add("peer_exits", &[("reason", &reason)], 1);
            }
        }
    }

    fn count_peer(&mut self, site: &Site<'_>, peer: &str) {
        let own: Vec<&v1::Event> = site.events.iter().filter(|event| event.peer == peer).copied().collect();
        let in_window: Vec<&v1::Event> =
            own.iter().filter(|event| self.span.has(log::day(event), 0)).copied().collect();
        if !in_window.iter().any(|event| is_attended(event)) {
            return;
        }
        self.add("peers_active", &[], 1);
        let mut developments = in_window.iter().filter_map(|event| development(event));
        if developments.clone().any(words::is_supervision_held) {
            self.add("peers_supervised", &[], 1);
        }
        if developments.any(|one| one.kind() == v1::DevelopmentKind::Reflection) {
            self.add("peers_reflecting", &[], 1);
        }
        let is_trained = |(module, validity): (&String, &Option<i64>)| {
            let trainings = own.iter().filter(|event| {
                development(event)
                    .is_some_and(|one| one.kind() == v1::DevelopmentKind::Training && &one.module == module)
            });
            let last = trainings.map(|event| log::day(event)).max();
            last.is_some_and(|trained| is_valid(*validity, trained, self.span.last))
        };
        if self.given.settings.mandatory_training.iter().all(is_trained) {
            self.add("peers_trained", &[], 1);
        }
        let walks = site.walks_of_peer(peer);
        let open = walks.iter().filter(|walk| walk.is_open_on(self.span.last)).count();
        if open as i64 > self.given.settings.overload_dyads {
            self.add("peers_overloaded", &[], 1);
        }
    }

    fn count_client(&mut self, site: &Site<'_>, client: &str) {
        let walks = site.walks_of_client(client);
        let days = self.span.all_days().filter(|day| walks.iter().any(|walk| walk.is_open_on(*day)));
        self.add("client_days", &[], days.count() as i128);
        let mut steps = BTreeSet::new();
        let mut used = BTreeSet::new();
        for event in site.events.iter().filter(|event| event.client == client) {
            let day = log::day(event);
            match &event.body {
                Some(Body::ServiceUse(use_)) if self.span.has(day, 0) => {
                    let episodes = walks.iter().flat_map(|walk| &walk.episodes);
                    if episodes.clone().any(|episode| episode.covers(day)) {
                        let kind = word(use_.kind().as_str_name(), "SERVICE_USE_KIND_");
                        let quantity = use_.quantity.unwrap_or(1);
                        self.add("service_use", &[("kind", &kind)], i128::from(quantity));
                        used.extend((quantity >= 1).then_some(kind));
                    }
                }
                Some(Body::Pathway(pathway)) => {
                    let step = word(pathway.step().as_str_name(), "PATHWAY_STEP_");
                    let is_first = steps.insert(step.clone());
                    if is_first && self.span.has(day, 0) {
                        self.add("pathway", &[("step", &step)], 1);
                    }
                }
                _ => {}
            }
        }
        for kind in used {
            self.add("service_clients", &[("kind", &kind)], 1);
        }
    }
}
