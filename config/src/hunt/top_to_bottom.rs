//! Top to bottom: one after the other in list order, from the first at every call. GRP-05, GRP-06.

/// A round for each member.
pub(super) fn top_to_bottom<T>(members: Vec<T>) -> Vec<Vec<T>> {
    members.into_iter().map(|member| vec![member]).collect()
}

#[cfg(test)]
mod tests {
    use super::top_to_bottom;

    /// GRP-05, GRP-06
    #[test]
    fn members_ring_one_after_the_other_in_list_order() {
        assert_eq!(top_to_bottom(vec![3, 1, 2]), [[3], [1], [2]]);
    }
}
