//! Decimal digits of integers: how many by their bits, and how many two share with a division or two.

/// 10⁰ … 10¹⁹: all that fit.
pub(crate) const POWERS_OF_10: [u64; 20] = {
    let mut powers = [1; 20];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// How many digits a number has; 0 has one.
#[inline]
pub(crate) const fn digits_of(number: u64) -> u32 {
    // No power of ten but the first is odd, so that the number that is one greater has as many.
    let number = number | 1;
    // log₁₀ 2 is 1233 ÷ 4096 or a little more: of so many bits a number has so many digits, or one more.
    let digits = ((u64::BITS - number.leading_zeros()) * 1233) >> 12;
    digits + (number >= POWERS_OF_10[digits as usize]) as u32
}

/// How many leading digits two numbers share.
#[inline]
pub(crate) fn shared_digits(left: u64, right: u64) -> u32 {
    debug_assert!(left.max(right) < POWERS_OF_10[19], "a number has 18 digits at most");
    let (left_digits, right_digits) = (digits_of(left), digits_of(right));
    let mut digits = left_digits.min(right_digits);
    let (mut less, mut more) = (left, right);
    // Both as long as the shorter one.
    if left_digits > digits {
        less /= POWERS_OF_10[(left_digits - digits) as usize];
    } else if right_digits > digits {
        more /= POWERS_OF_10[(right_digits - digits) as usize];
    }
    (less, more) = (less.min(more), less.max(more));
    let differ = more - less;
    if differ == 0 {
        return digits;
    }
    // What they differ by has so many digits, of which they share none.
    let differing = digits_of(differ);
    digits -= differing;
    let ends = POWERS_OF_10[differing as usize];
    let (mut begins, end) = (less / ends, less % ends);
    if end + differ < ends {
        return digits;
    }
    // The greater one begins with one more: they do not share the last of these digits, nor nines in front of it.
    loop {
        digits -= 1;
        if begins % 10 != 9 {
            return digits;
        }
        begins /= 10;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_those_of_the_text(number: u64, cut in 0_u32..64, power in 0_usize..20, by in -2_i64..=2) {
            for number in [number >> cut, 1 << cut, (1 << cut) - 1, POWERS_OF_10[power].saturating_add_signed(by)] {
                prop_assert_eq!(digits_of(number) as usize, number.to_string().len(), "{}", number);
            }
        }
    }
}
