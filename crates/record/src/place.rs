//! Where a cell stands.
//!
//! **Invariant:** distances come out of additions, multiplications, divisions and square roots alone, which IEEE 754
//! rounds in one way: each machine gives the same metres.
//!
//! Nearly all distances are of cells that lie close together. Of these the series are short.

/// Ten-thousandths of a degree in a degree: a step is at most 11 m.
const STEPS: i32 = 10_000;
/// Mean radius of the Earth, metres (IUGG, R₁).
const EARTH_M: f64 = 6_371_008.8;

/// A place on the Earth (WGS 84) in ten-thousandths of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    latitude: i32,
    longitude: i32,
}

impl Position {
    /// From ten-thousandths of a degree. `None` if there is no such place.
    #[must_use]
    pub const fn new(latitude: i32, longitude: i32) -> Option<Self> {
        let fits =
            latitude >= -90 * STEPS && latitude <= 90 * STEPS && longitude >= -180 * STEPS && longitude <= 180 * STEPS;
        if fits { Some(Self { latitude, longitude }) } else { None }
    }

    /// From degrees, rounded. `None` if there is no such place.
    #[must_use]
    pub fn from_degrees(latitude: f64, longitude: f64) -> Option<Self> {
        let rounded = |degrees: f64| (degrees * f64::from(STEPS)).round();
        if !(latitude.abs() <= 90.0 && longitude.abs() <= 180.0) {
            return None;
        }
        Self::new(rounded(latitude) as i32, rounded(longitude) as i32)
    }

    /// Ten-thousandths of a degree, north positive.
    #[must_use]
    pub const fn latitude(self) -> i32 {
        self.latitude
    }

    /// Ten-thousandths of a degree, east positive.
    #[must_use]
    pub const fn longitude(self) -> i32 {
        self.longitude
    }

    /// Key of the square of a tenth of a degree that it lies in: 11 km from south to north, and at the latitudes of the
    /// six countries 7 to 11 km from west to east.
    #[must_use]
    pub const fn area(self) -> u64 {
        let square = STEPS / 10;
        let (north, east) = (self.latitude.div_euclid(square) + 900, self.longitude.div_euclid(square) + 1800);
        (north as u64) << 16 | east as u64
    }

    /// Great-circle distance in whole metres, rounded.
    #[must_use]
    pub fn distance_m(self, other: Self) -> u32 {
        if self == other {
            return 0;
        }
        // The haversine: half a difference of n steps is n half-steps.
        let north = (self.latitude - other.latitude).abs();
        let east = (self.longitude - other.longitude).abs();
        if north | east < NEAR {
            return near_m(north, east, self.latitude + other.latitude);
        }
        let (north, east) = (sine(north), sine(east));
        let half_chord = (north * north + self.cosine() * other.cosine() * east * east).sqrt();
        // Rounded: it is not negative.
        (2.0 * EARTH_M * arcsine(half_chord.min(1.0)) + 0.5) as u32
    }

    /// Cosine of the latitude.
    fn cosine(self) -> f64 {
        sine(QUARTER - 2 * self.latitude.abs())
    }
}

/// Differences below it, a power of two, are small: 1.6°, which is 180 km from south to north.
const NEAR: i32 = 1 << 14;

/// The same distance, of places whose latitudes and longitudes differ by so little, and whose mean latitude is so many half-steps.
/// Its series are wrong by less than 10⁻¹⁵ of what they give, the cosine of the mean latitude by 10⁻¹³: the angles are below .0143, half of the chord below .0203.
fn near_m(north: i32, east: i32, mean: i32) -> u32 {
    let square_of_sine = |half_steps: i32| {
        let angle = f64::from(half_steps) * HALF_STEP;
        let square = angle * angle;
        let ratio = 1.0 - square * (1.0 / 6.0) * (1.0 - square * (1.0 / 20.0) * (1.0 - square * (1.0 / 42.0)));
        square * (ratio * ratio)
    };
    let (north, east, middle) = (square_of_sine(north), square_of_sine(east), sine(QUARTER - mean.abs()));
    // cos a · cos b = cos² ((a + b) ÷ 2) − sin² ((a − b) ÷ 2)
    let square = north + (middle * middle - north) * east;
    let ratio = 1.0 + square * (1.0 / 6.0 + square * (3.0 / 40.0 + square * (5.0 / 112.0)));
    (2.0 * EARTH_M * (square.max(0.0).sqrt() * ratio) + 0.5) as u32
}

/// Half-steps in a quarter of a turn.
const QUARTER: i32 = 90 * STEPS * 2;
/// Half a step as an angle.
const HALF_STEP: f64 = std::f64::consts::FRAC_PI_2 / QUARTER as f64;
/// Terms of the series of sine and cosine behind the first.
const TERMS: usize = 8;
/// What each term of a series has more than the one before it, but for the angle's square: the last first.
const SINE: [f64; TERMS] = factors(17);
const COSINE: [f64; TERMS] = factors(16);

/// 1 ÷ n(n − 1) of every other n from `last` down: divisions are dear, and a distance needs four series.
const fn factors(last: u32) -> [f64; TERMS] {
    let mut factors = [0.0; TERMS];
    let mut place = 0;
    while place < TERMS {
        let term = last - 2 * place as u32;
        factors[place] = 1.0 / (term * (term - 1)) as f64;
        place += 1;
    }
    factors
}

/// Sine of an angle from 0 to 180°, in half-steps; wrong by less than 10⁻¹³.
fn sine(half_steps: i32) -> f64 {
    // It is as far beyond 90° as before it, and up to 45° the series are short.
    let from_quarter = (half_steps - QUARTER).abs();
    let is_steep = from_quarter > QUARTER / 2;
    let (steps, factors) = if is_steep { (QUARTER - from_quarter, &SINE) } else { (from_quarter, &COSINE) };
    let angle = f64::from(steps) * HALF_STEP;
    let square = angle * angle;
    let series = factors.iter().fold(1.0, |sum, factor| 1.0 - square * factor * sum);
    if is_steep { angle * series } else { series }
}

/// Terms of the arcsine's series: value, value³ ÷ 6, 3 value⁵ ÷ 40 …
const ARCSINE: [f64; 14] = {
    let mut factors = [0.0; 14];
    let (mut place, mut factor) = (0, 1.0);
    while place < factors.len() {
        let odd = (2 * place + 1) as f64;
        factors[place] = factor / odd;
        factor *= odd / (odd + 1.0);
        place += 1;
    }
    factors
};

/// Arcsine of a number from 0 to 1; wrong by less than 10⁻⁹.
fn arcsine(value: f64) -> f64 {
    if value > 0.5 {
        // The half-angle identity keeps the series short.
        return std::f64::consts::FRAC_PI_2 - 2.0 * arcsine(((1.0 - value) / 2.0).sqrt());
    }
    let square = value * value;
    let (mut sum, mut power) = (0.0, value);
    for factor in ARCSINE {
        let next = factor * power;
        // Too little to change the sum, as all that follow.
        if next < sum * (f64::EPSILON / 4.0) {
            break;
        }
        sum += next;
        power *= square;
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn haversine_m(a: (f64, f64), b: (f64, f64)) -> f64 {
        let (north_a, north_b) = (a.0.to_radians(), b.0.to_radians());
        let half = |difference: f64| (difference.to_radians() / 2.0).sin().powi(2);
        let h = half(b.0 - a.0) + north_a.cos() * north_b.cos() * half(b.1 - a.1);
        2.0 * EARTH_M * h.sqrt().min(1.0).asin()
    }

    proptest! {
        #[test]
        fn it_is_the_haversine(
            a in (-900_000_i32..=900_000, -1_800_000_i32..=1_800_000),
            b in (-900_000_i32..=900_000, -1_800_000_i32..=1_800_000),
            near in prop::sample::select(vec![0, 50, 100, 1000, 100_000]),
        ) {
            let beside = |divisor: i32| ((a.0 + b.0 / divisor).clamp(-900_000, 900_000), (a.1 + b.1 / divisor).clamp(-1_800_000, 1_800_000));
            let b = if near > 0 { beside(near) } else { b };
            let degrees = |of: (i32, i32)| (f64::from(of.0) / 1e4, f64::from(of.1) / 1e4);
            let found = Position::new(a.0, a.1).unwrap().distance_m(Position::new(b.0, b.1).unwrap());
            let expected = haversine_m(degrees(a), degrees(b));
            // Opposite points lose digits in both forms.
            let error = if expected > 19_000_000.0 { 5.0 } else { 0.51 };
            prop_assert!((f64::from(found) - expected).abs() <= error, "{} {}", found, expected);
        }
    }

    #[test]
    fn known_distances_and_areas() {
        let at = |latitude, longitude| Position::from_degrees(latitude, longitude).unwrap();
        let (phnom_penh, bangkok) = (at(11.5564, 104.9282), at(13.7563, 100.5018));
        assert_eq!(phnom_penh.distance_m(bangkok) / 1000, 538);
        assert_eq!(phnom_penh.distance_m(phnom_penh), 0);
        assert_eq!(at(0.0, -180.0).distance_m(at(0.0, 180.0)), 0);
        // Half a great circle of the mean radius, by the pole and along the equator; a pole is one place.
        assert_eq!(at(90.0, 0.0).distance_m(at(-90.0, 0.0)), 20_015_114);
        assert_eq!(at(0.0, 0.0).distance_m(at(0.0, 180.0)), 20_015_114);
        assert_eq!(at(90.0, 12.0).distance_m(at(90.0, -133.0)), 0);
        assert_eq!(at(11.51, 104.91).area(), at(11.59, 104.99).area());
        assert_ne!(at(11.51, 104.91).area(), at(11.61, 104.91).area());
        assert_ne!(at(-0.01, 0.01).area(), at(0.01, 0.01).area());
        assert_eq!(Position::from_degrees(90.1, 0.0), None);
        assert_eq!(Position::from_degrees(f64::NAN, 0.0), None);
    }
}
