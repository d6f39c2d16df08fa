//! What belongs to the intervals that are on their way: told of once its own is committed, forgotten with one that is dropped.

use std::cmp::Ordering;
use std::collections::VecDeque;

/// Something of each interval.
#[derive(Debug, Default)]
pub struct UnderWay<T> {
    making: T,
    gone: VecDeque<(u64, T)>,
}

impl<T: Default> UnderWay<T> {
    /// Of the interval in the making.
    pub const fn making(&mut self) -> &mut T {
        &mut self.making
    }

    /// The interval in the making has gone, as this number.
    pub fn handed_over(&mut self, number: u64) {
        self.gone.push_back((number, std::mem::take(&mut self.making)));
    }

    /// An interval is committed; those before it that were not committed are dropped: their tasks went to another.
    pub fn committed(&mut self, number: u64) -> Option<T> {
        while let Some((gone, of)) = self.gone.pop_front() {
            match gone.cmp(&number) {
                Ordering::Less => {}
                Ordering::Equal => return Some(of),
                Ordering::Greater => {
                    self.gone.push_front((gone, of));
                    break;
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_told_of_never() {
        let mut under_way: UnderWay<Vec<u64>> = UnderWay::default();
        for number in 1..=4 {
            under_way.making().push(number * 10);
            under_way.handed_over(number);
        }
        assert_eq!(under_way.committed(1), Some(vec![10]));
        assert_eq!(under_way.committed(3), Some(vec![30]), "the second was dropped");
        assert_eq!(under_way.committed(2), None);
        under_way.making().push(50);
        assert_eq!(under_way.committed(4), Some(vec![40]));
        assert_eq!(under_way.committed(9), None);
        under_way.handed_over(10);
        assert_eq!(under_way.committed(10), Some(vec![50]));
    }
}
