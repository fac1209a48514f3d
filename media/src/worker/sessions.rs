//! The sessions of a worker by a small index, which is also half of their sockets' numbers.

use std::collections::{HashMap, VecDeque};

use super::session::{Place, Session};
use crate::session::SessionId;

/// Slots that are used again, the longest unused first.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    slots: Vec<Option<Box<Session>>>,
    free: VecDeque<u32>,
    by_id: HashMap<SessionId, u32>,
    generations: u32,
}

impl Sessions {
    /// Puts in what `make` makes for a fresh generation; generations are never 0.
    pub(super) fn insert(&mut self, id: SessionId, make: impl FnOnce(u32) -> Session) -> u32 {
        self.generations = self.generations.checked_add(1).unwrap_or(1);
        let session = Some(Box::new(make(self.generations)));
        let index = match self.free.pop_front() {
            Some(index) => {
                self.slots[index as usize] = session;
                index
            }
            None => {
                self.slots.push(session);
                self.slots.len() as u32 - 1
            }
        };
        self.by_id.insert(id, index);
        index
    }

    /// Its id is not found any more; the slot stays until [`remove`](Self::remove).
    pub(super) fn retire(&mut self, id: SessionId) {
        self.by_id.remove(&id);
    }

    /// Empties the slot.
    pub(super) fn remove(&mut self, index: u32) -> Option<Box<Session>> {
        let session = self.slots.get_mut(index as usize)?.take()?;
        if self.by_id.get(&session.id) == Some(&index) {
            self.by_id.remove(&session.id);
        }
        self.free.push_back(index);
        Some(session)
    }

    pub(super) fn find(&self, id: SessionId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    #[inline]
    pub(super) fn get(&self, index: u32) -> Option<&Session> {
        self.slots.get(index as usize)?.as_deref()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut Session> {
        self.slots.get_mut(index as usize)?.as_deref_mut()
    }

    /// The session that was meant, if it is still there.
    #[inline]
    pub(super) fn at(&mut self, place: Place) -> Option<&mut Session> {
        self.get_mut(place.index).filter(|session| session.generation == place.generation)
    }

    pub(super) fn place(&self, index: u32) -> Option<Place> {
        self.get(index).map(|session| Place { index, generation: session.generation })
    }

    pub(super) fn open(&self) -> usize {
        self.by_id.len()
    }
}
