//! Ring all: everybody at once, one round. GRP-08.

/// One round with all members; none if there is nobody.
pub(super) fn all<T>(members: Vec<T>) -> Vec<Vec<T>> {
    if members.is_empty() { vec![] } else { vec![members] }
}

#[cfg(test)]
mod tests {
    use super::all;

    /// GRP-08
    #[test]
    fn all_members_ring_in_one_round() {
        assert_eq!(all(vec![1, 2, 3]), [[1, 2, 3]]);
        assert!(all(Vec::<u8>::new()).is_empty());
    }
}
