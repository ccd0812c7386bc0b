//! Cohen's kappa, against scikit-learn's.

use serde::Deserialize;
use stats::agreement::cohen_kappa;
use stats::confusion::Confusion;

use crate::assert_option_close;

#[derive(Deserialize)]
struct Case {
    name: String,
    a: Vec<usize>,
    b: Vec<usize>,
    k: usize,
    kappa: Option<f64>,
}

#[test]
fn kappa_is_that_of_the_reference_either_way_round() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../golden/kappa.json")).unwrap();
    assert!(cases.len() > 10);
    for Case { name, a, b, k, kappa } in cases {
        for (a, b) in [(&a, &b), (&b, &a)] {
            assert_option_close(&name, cohen_kappa(&Confusion::new(a, b, k).unwrap()), kappa);
        }
    }
}
