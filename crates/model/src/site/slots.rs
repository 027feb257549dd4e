//! The combinations of persons that a site's events are about, and what there is of each: a dyad, a person, or nothing but
//! the site itself.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::alert::{About, Stretch};
use crate::dyad::Dyad;
use crate::event::{Names, Persons};
use crate::params::Params;
use crate::release::Entry;
use crate::room;
use crate::time::Instant;
use crate::versions::Slot;
use crate::windows::Trace;

use super::Stage;
use super::concerns::Concern;
use super::person::Person;

/// A combination of persons.
#[derive(Debug, Default)]
pub(super) struct Member {
    pub persons: Persons,
    pub history: History,
    /// The events of any version of which a safeguarding alert was raised about these persons.
    pub concerns: Vec<Concern>,
    /// For when it is scheduled; never later than its deadline.
    pub scheduled: Option<Instant>,
    /// Whether it is to be settled.
    pub stirred: bool,
    /// What it adds to releases, but for its alerts, as last taken down.
    pub entries: Vec<Entry>,
    /// What its alerts add.
    pub alert_entries: Vec<Entry>,
    /// When time alone changes what it adds.
    pub turns_at: Option<Instant>,
    /// Whether something happened to it since.
    pub changed: bool,
    /// Whether its alerts or their acknowledgements are other ones since.
    pub alerts_changed: bool,
}

/// What there is of a combination of persons.
#[derive(Debug, Default)]
pub(super) enum History {
    /// Nothing beyond its rows.
    #[default]
    None,
    /// A client and a peer that have events together.
    Dyad(Box<Pair>),
    /// A client, or a peer.
    Person(Box<Person>),
}

/// A dyad and where its persons are.
#[derive(Debug)]
pub(super) struct Pair {
    pub dyad: Dyad,
    pub client: Slot,
    pub peer: Slot,
    /// What it says to its client's and its peer's counts, as last counted.
    pub trace: Trace,
}

impl Member {
    /// The dyad, if it is one.
    pub fn pair(&self) -> Option<&Pair> {
        if let History::Dyad(pair) = &self.history { Some(pair) } else { None }
    }

    /// The person, if it is one.
    pub fn person(&self) -> Option<&Person> {
        if let History::Person(person) = &self.history { Some(person) } else { None }
    }

    /// The same, to be changed.
    pub fn person_mut(&mut self) -> Option<&mut Person> {
        if let History::Person(person) = &mut self.history { Some(person) } else { None }
    }

    /// Its alerts as last settled, but for those of [`Member::concerns`].
    pub fn alerts(&self) -> &[Stretch] {
        match &self.history {
            History::None => &[],
            History::Dyad(pair) => pair.dyad.alerts(),
            History::Person(person) => &person.alerts,
        }
    }

    /// Whom its alerts are about.
    pub fn about<'a>(&'a self, site: &'a str, params: &'a Params) -> About<'a> {
        About {
            site,
            client: self.persons.client.as_deref(),
            peer: self.persons.peer.as_deref(),
            link: &params.settings.alert_link,
        }
    }

    /// The earliest instant at which time alone may change an alert of it.
    pub fn next_deadline(&self) -> Option<Instant> {
        let history = match &self.history {
            History::None => None,
            History::Dyad(pair) => pair.dyad.next_deadline(),
            History::Person(person) => person.deadline,
        };
        self.concerns.iter().filter_map(|concern| concern.opens_at).chain(history).min()
    }

    /// Has it looked at again at `deadline`. One that has moved to later is left: it is asked again when it is due.
    pub fn schedule(&mut self, deadline: Option<Instant>, slot: Slot, stage: &mut Stage<'_>) {
        let Some(deadline) = deadline else { return };
        if self.scheduled.is_some_and(|scheduled| scheduled <= deadline) {
            return;
        }
        if let Some(scheduled) = self.scheduled.replace(deadline) {
            stage.schedule.remove(&(scheduled, stage.site, slot));
        }
        stage.schedule.insert((deadline, stage.site, slot));
    }
}

/// All combinations of persons of a site. The first is that of nobody: the site itself.
#[derive(Debug)]
pub(super) struct Slots {
    members: Vec<Member>,
    /// By the persons that the member has.
    by_persons: HashTable<Slot>,
    hashing: DefaultHashBuilder,
    dyads: usize,
}

impl Default for Slots {
    fn default() -> Self {
        let (by_persons, hashing) = (HashTable::new(), DefaultHashBuilder::default());
        let mut slots = Slots { members: Vec::new(), by_persons, hashing, dyads: 0 };
        slots.intern(Names { client: None, peer: None });
        slots
    }
}

impl Slots {
    /// The slot of nobody.
    pub const NOBODY: Slot = Slot(0);

    /// The slot of these persons.
    pub fn intern(&mut self, names: Names<'_>) -> Slot {
        if let Some(slot) = self.find(names) {
            return slot;
        }
        let persons = names.to_persons();
        let slot = Slot(self.members.len() as u32);
        let history = match &persons {
            Persons { client: Some(_), peer: None } | Persons { client: None, peer: Some(_) } => {
                History::Person(Box::default())
            }
            _ => History::None,
        };
        room::push(&mut self.members, Member { persons, history, ..Member::default() });
        let Slots { members, by_persons, hashing, .. } = self;
        let hash = |slot: &Slot| hashing.hash_one(members[slot.0 as usize].persons.names());
        by_persons.insert_unique(hash(&slot), slot, hash);
        slot
    }

    fn find(&self, names: Names<'_>) -> Option<Slot> {
        let is_it = |slot: &Slot| self.persons(*slot).names() == names;
        self.by_persons.find(self.hashing.hash_one(names), is_it).copied()
    }

    pub fn get(&self, slot: Slot) -> &Member {
        &self.members[slot.0 as usize]
    }

    pub fn get_mut(&mut self, slot: Slot) -> &mut Member {
        &mut self.members[slot.0 as usize]
    }

    /// How many slots there are, at least one.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// All slots.
    pub fn all(&self) -> impl Iterator<Item = Slot> + use<> {
        (0..self.members.len() as u32).map(Slot)
    }

    pub fn persons(&self, slot: Slot) -> &Persons {
        &self.get(slot).persons
    }

    /// Whether both a client and a peer are there.
    pub fn is_pair(&self, slot: Slot) -> bool {
        let persons = self.persons(slot);
        persons.client.is_some() && persons.peer.is_some()
    }

    /// Gives a slot with both persons its dyad, one that is `replayed` or not; what was noted elsewhere and ends its episodes
    /// too is given back.
    pub fn found(&mut self, slot: Slot, replayed: bool) -> Vec<std::sync::Arc<crate::event::Event>> {
        let Persons { client, peer } = self.persons(slot).clone();
        let client = self.intern(Names { client: client.as_deref(), peer: None });
        let peer = self.intern(Names { client: None, peer: peer.as_deref() });
        let dyad = if replayed { Dyad::replayed() } else { Dyad::new() };
        let pair = Pair { dyad, client, peer, trace: Trace::default() };
        // Their names need not be there twice.
        let names = [client, peer].map(|person| self.persons(person).clone());
        let [Persons { client: client_name, .. }, Persons { peer: peer_name, .. }] = names;
        let member = self.get_mut(slot);
        member.persons = Persons { client: client_name, peer: peer_name };
        member.history = History::Dyad(Box::new(pair));
        self.dyads += 1;
        let persons = [client, peer].into_iter();
        persons
            .flat_map(|person| self.person_mut(person).map(|it| it.join(slot)).unwrap_or_default())
            .collect()
    }

    /// Takes a slot's dyad away: it has no events any more.
    pub fn dissolve(&mut self, slot: Slot) {
        let member = self.get_mut(slot);
        let Some(pair) = member.pair() else { return };
        let persons = [pair.client, pair.peer];
        member.history = History::None;
        self.dyads -= 1;
        for person in persons {
            self.person_mut(person).into_iter().for_each(|it| it.part(slot));
        }
    }

    /// The person of a slot.
    pub fn person_mut(&mut self, slot: Slot) -> Option<&mut Person> {
        self.get_mut(slot).person_mut()
    }

    /// The ids of the events that any version of says that this peer left.
    pub fn departures(&self, peer: Option<&str>) -> &[std::sync::Arc<str>] {
        let slot = self.find(Names { client: None, peer });
        slot.and_then(|slot| self.get(slot).person()).map(Person::departures).unwrap_or_default()
    }

    /// How many dyads there are.
    pub fn dyads(&self) -> usize {
        self.dyads
    }
}
