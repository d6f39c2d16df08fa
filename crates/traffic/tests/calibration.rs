//! Generated subscribers do what real ones do (Sichuan set: quantiles with origin and licence in `src/sichuan.csv`).

use lancang_traffic::calibration::{FEATURES, measure, real};
use lancang_traffic::{Generator, Settings};

/// Eight months of one operator of China.
#[test]
fn twelve_features_are_near_those_of_real_subscribers() {
    const CHINA: usize = 1;
    let settings = Settings { only: Some(CHINA), episodes: 0, ..Settings::new(6 * 2_560, 244.0, 3) };
    let measured = measure(Generator::new(settings), CHINA);
    assert!(measured.normal_count > 2_400);
    let real = real("normal");
    assert_eq!(real.len(), FEATURES.len());
    for (feature, made) in FEATURES.iter().zip(&measured.normal) {
        let real = &real[feature];
        // Medians within an eighth, quartiles within a quarter; of small whole numbers within one, of the busiest hour
        // within two at the median alone: its real quartiles lie in the two peaks of the day.
        let near = |place: usize, share: f64| match *feature {
            "imeis" | "city_name_call" => (made[place] - real[place]).abs() <= 1.0,
            "county_name_call" => place == 3 || (made[place] - real[place]).abs() <= 1.0,
            "voc_hour_mode" => place != 2 || (made[place] - real[place]).abs() <= 2.0,
            _ => (made[place] / real[place] - 1.0).abs() <= share,
        };
        let told =
            measured.compared().into_iter().find(|told| (told.group, told.feature) == ("normal", *feature)).unwrap();
        assert_eq!((told.real, told.generated, told.ratio_of_medians), (*real, *made, made[2] / real[2].max(1e-9)));
        assert!(near(2, 0.125) && near(1, 0.25) && near(3, 0.25), "{feature}: {made:?} where real are {real:?}");
    }
}
