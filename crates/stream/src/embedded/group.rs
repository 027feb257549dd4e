//! Who owns which partition of a group: members, and partitions that pass from one to another without overlap.

use std::collections::{BTreeMap, BTreeSet};

use super::topics::Slot;

/// Who a member is: the topics it reads, its instance and its worker number.
pub(super) type Name = (String, u32);

/// Number of a session, unique in the process.
pub(super) type SessionId = u64;

/// The members of a group and the partitions they own.
#[derive(Debug, Default)]
pub(super) struct Group {
    members: BTreeMap<Name, Member>,
    owners: BTreeMap<Slot, SessionId>,
}

#[derive(Debug)]
struct Member {
    session: SessionId,
    reads: BTreeSet<Slot>,
}

/// What a member is to do about its assignment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Moves {
    /// Slots that became its own.
    pub(super) assigned: Vec<Slot>,
    /// Slots it owns and is to give up.
    pub(super) revoked: Vec<Slot>,
}

impl Group {
    /// A session joins. One of the same name loses what it owns at once.
    pub(super) fn join(&mut self, name: Name, session: SessionId, reads: BTreeSet<Slot>) {
        if let Some(before) = self.members.insert(name, Member { session, reads }) {
            self.owners.retain(|_, owner| *owner != before.session);
        }
    }

    /// A session leaves, unless another of its name has taken its place already.
    pub(super) fn leave(&mut self, name: &Name, session: SessionId) {
        self.owners.retain(|_, owner| *owner != session);
        if self.is_member(name, session) {
            self.members.remove(name);
        }
    }

    pub(super) fn is_member(&self, name: &Name, session: SessionId) -> bool {
        self.members.get(name).is_some_and(|member| member.session == session)
    }

    pub(super) fn owns(&self, slot: Slot, session: SessionId) -> bool {
        self.owners.get(&slot) == Some(&session)
    }

    pub(super) fn release(&mut self, slots: &[Slot], session: SessionId) {
        self.owners.retain(|slot, owner| *owner != session || !slots.contains(slot));
    }

    /// What a session is to give up, or else what it may take: partitions are dealt in turn to the members that read
    /// their topic, and one that has another owner is waited for.
    pub(super) fn moves(&mut self, session: SessionId) -> Moves {
        let target = self.deal();
        let mut moves = Moves::default();
        for (slot, owner) in &self.owners {
            if *owner == session && target.get(slot) != Some(&session) {
                moves.revoked.push(*slot);
            }
        }
        if moves.revoked.is_empty() {
            let mine = target.iter().filter(|(_, owner)| **owner == session).map(|(slot, _)| *slot);
            moves.assigned = mine.filter(|slot| !self.owners.contains_key(slot)).collect();
            self.owners.extend(moves.assigned.iter().map(|slot| (*slot, session)));
        }
        moves
    }

    fn deal(&self) -> BTreeMap<Slot, SessionId> {
        let slots: BTreeSet<Slot> =
            self.members.values().flat_map(|member| member.reads.iter().copied()).collect();
        let deal = |(turn, slot): (usize, Slot)| {
            let readers: Vec<&Member> =
                self.members.values().filter(|member| member.reads.contains(&slot)).collect();
            let reader = readers.get(turn % readers.len().max(1))?;
            Some((slot, reader.session))
        };
        slots.into_iter().enumerate().filter_map(deal).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(worker: u32) -> Name {
        ("a".to_owned(), worker)
    }

    fn reads() -> BTreeSet<Slot> {
        (10..14).collect()
    }

    #[test]
    fn a_lone_member_owns_everything_once() {
        let mut group = Group::default();
        group.join(name(0), 1, reads());
        assert_eq!(group.moves(1).assigned, [10, 11, 12, 13]);
        assert_eq!(group.moves(1), Moves::default());
    }

    #[test]
    fn a_partition_has_one_owner_at_a_time_while_it_passes_to_another() {
        let mut group = Group::default();
        group.join(name(0), 1, reads());
        group.moves(1);
        group.join(name(1), 2, reads());
        assert_eq!(group.moves(2), Moves::default());
        assert_eq!(group.moves(1).revoked, [11, 13]);
        assert!(group.owns(11, 1));
        group.release(&[11, 13], 1);
        assert_eq!(group.moves(2).assigned, [11, 13]);
        group.leave(&name(1), 2);
        assert_eq!(group.moves(1).assigned, [11, 13]);
    }

    #[test]
    fn a_session_of_the_same_name_takes_everything_at_once() {
        let mut group = Group::default();
        group.join(name(0), 1, reads());
        group.moves(1);
        group.join(name(0), 2, reads());
        assert!(!group.owns(10, 1));
        assert_eq!(group.moves(2).assigned, [10, 11, 12, 13]);
        group.leave(&name(0), 1);
        assert!(group.is_member(&name(0), 2));
        assert!(group.owns(10, 2));
    }
}
