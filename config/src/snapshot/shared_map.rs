//! A map that revisions share: a change copies one part in [`PARTS`] of it, not the whole, so that what an edit costs does
//! not grow with the company.

use std::{
    borrow::Borrow,
    hash::{BuildHasher, Hash},
    sync::Arc,
};

use crate::QuickMap;

/// A map whose clones are cheap and share what they have in common.
#[derive(Debug, Clone)]
pub struct SharedMap<K, V> {
    /// [`PARTS`] of them, or none while nothing was put in.
    parts: Arc<[Part<K, V>]>,
}

type Part<K, V> = Option<Arc<QuickMap<K, V>>>;

/// An entry as it was and as it is, where it was or is there.
pub type Difference<'a, T> = (Option<&'a Arc<T>>, Option<&'a Arc<T>>);

impl<K: Eq + Hash + Clone, V: Clone> SharedMap<K, V> {
    /// The value of a key.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.parts.get(part_of(key))?.as_ref()?.get(key)
    }
    /// Whether the key has a value.
    pub fn contains_key<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }
    /// All values, in no order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.parts.iter().flatten().flat_map(|part| part.values())
    }
    /// Puts a value in; gives back the one it replaces.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.part_mut(&key).insert(key, value)
    }
    /// Takes a value out. Copies nothing if there is none.
    pub fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.contains_key(key).then(|| self.part_mut(key).remove(key))?
    }
    /// The value of a key, to change it; the default is put in if there is none.
    pub fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.part_mut(&key).entry(key).or_default()
    }
    /// Makes room for many more entries at once; for a few it does nothing.
    pub fn reserve(&mut self, more: usize) {
        if more < 8 * PARTS {
            return;
        }
        self.make_parts();
        for part in Arc::make_mut(&mut self.parts) {
            // A fifth for parts that get more than their share.
            Arc::make_mut(part.get_or_insert_default()).reserve(more * 6 / 5 / PARTS);
        }
    }
    /// Keeps the values for which `keep` holds; a part of which all are kept is not copied.
    pub fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        let has_other =
            |part: &Part<K, V>| part.iter().flat_map(|part| part.values()).any(|value| !keep(value));
        if !self.parts.iter().any(has_other) {
            return;
        }
        for part in Arc::make_mut(&mut self.parts).iter_mut().filter(|part| has_other(part)).flatten() {
            Arc::make_mut(part).retain(|_, value| keep(value));
        }
    }
    /// Whether it is the other one, unchanged. May say no of equal ones.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.parts, &other.parts)
    }

    fn part_mut<Q: Hash + ?Sized>(&mut self, key: &Q) -> &mut QuickMap<K, V> {
        self.make_parts();
        let part = &mut Arc::make_mut(&mut self.parts)[part_of(key)];
        Arc::make_mut(part.get_or_insert_default())
    }

    fn make_parts(&mut self) {
        if self.parts.is_empty() {
            self.parts = (0..PARTS).map(|_| None).collect();
        }
    }
}

impl<K: Eq + Hash, T> SharedMap<K, Arc<T>> {
    /// What an entry was in `old` and is here, of each that is not the same. Looks only at parts that were copied.
    pub fn differences<'a>(&'a self, old: &'a Self) -> Vec<Difference<'a, T>> {
        let mut all = Vec::new();
        for at in 0..PARTS {
            let part = |map: &'a Self| map.parts.get(at).and_then(Option::as_ref);
            let (old, new) = (part(old), part(self));
            if old.map(Arc::as_ptr) == new.map(Arc::as_ptr) {
                continue;
            }
            for (key, new) in new.into_iter().flat_map(|part| part.iter()) {
                let old = old.and_then(|part| part.get(key));
                if old.is_none_or(|old| !Arc::ptr_eq(old, new)) {
                    all.push((old, Some(new)));
                }
            }
            for (key, old) in old.into_iter().flat_map(|part| part.iter()) {
                if new.is_none_or(|part| !part.contains_key(key)) {
                    all.push((Some(old), None));
                }
            }
        }
        all
    }
}

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> Self {
        Self { parts: Arc::default() }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Extend<(K, V)> for SharedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        let entries = entries.into_iter();
        self.reserve(entries.size_hint().0);
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

/// The same for a key as owned and as borrowed, which hash alike.
fn part_of<Q: Hash + ?Sized>(key: &Q) -> usize {
    // Other bits than those by which the part's own map places its entries.
    (crate::quick::HASH.hash_one(key) >> 32) as usize % PARTS
}

/// An edit copies this many pointers and one part: at 10,000 entries about 156.
const PARTS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn map(of: impl IntoIterator<Item = i64>) -> SharedMap<i64, Arc<i64>> {
        let mut map = SharedMap::default();
        map.extend(of.into_iter().map(|n| (n, Arc::new(n))));
        map
    }

    #[test]
    fn a_change_leaves_the_clone_as_it_was() {
        let before = map(0..1000);
        let mut after = before.clone();
        assert!(after.is_same(&before));
        after.insert(7, Arc::new(-7));
        after.insert(1000, Arc::new(1000));
        assert_eq!(after.remove(&8).as_deref(), Some(&8));
        assert_eq!((before.get(&7).map(|n| **n), before.contains_key(&8)), (Some(7), true));
        assert_eq!((after.get(&7).map(|n| **n), after.contains_key(&8)), (Some(-7), false));
        assert_eq!((before.values().count(), after.values().count()), (1000, 1000));
        let mut differences: Vec<_> = after
            .differences(&before)
            .into_iter()
            .map(|(old, new)| (old.map(|n| **n), new.map(|n| **n)))
            .collect();
        differences.sort();
        assert_eq!(differences, [(None, Some(1000)), (Some(7), Some(-7)), (Some(8), None)]);
    }

    #[test]
    fn what_takes_nothing_out_copies_nothing() {
        let before = map(0..10);
        let mut after = before.clone();
        assert_eq!(after.remove(&77), None);
        after.retain(|_| true);
        assert!(after.is_same(&before));
        after.retain(|n| **n < 5);
        assert_eq!((before.values().count(), after.values().count()), (10, 5));
        assert_eq!(map([]).differences(&before).len(), 10);
    }
}
