//! Room in lists of which there are very many, each mostly short.

/// Makes room for one more: half as much again where there is none. Left to itself a list begins with four places and then
/// doubles, and most of what a million dyads take would be empty.
pub(crate) fn for_one<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact(1 + list.len() / 2);
    }
}

/// Adds one at the end of such a list.
pub(crate) fn push<T>(list: &mut Vec<T>, item: T) {
    for_one(list);
    list.push(item);
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_list_of_one_has_room_for_one_and_a_long_one_grows_by_half() {
        let mut list = Vec::new();
        let mut rooms = Vec::new();
        for n in 0..100 {
            super::push(&mut list, n);
            rooms.push(list.capacity());
        }
        rooms.dedup();
        assert_eq!(rooms, [1, 2, 4, 7, 11, 17, 26, 40, 61, 92, 139]);
    }
}
