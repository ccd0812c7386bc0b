//! What is in a well.

/// What a well is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Role {
    /// Its effect is asked about.
    #[default]
    Sample,
    /// Known to have no effect.
    Negative,
    /// Known to have the effect that is looked for.
    Positive,
    /// Without cells, or without anything.
    Empty,
    /// Of no part in the analysis.
    Other,
}

impl Role {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Sample => "sample",
            Role::Negative => "negative",
            Role::Positive => "positive",
            Role::Empty => "empty",
            Role::Other => "other",
        }
    }
}

/// Words that stand for roles in the plate maps of a laboratory, besides the usual ones: roles, contents or compounds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleNames {
    /// For [`Role::Negative`].
    pub negative: Vec<String>,
    /// For [`Role::Positive`].
    pub positive: Vec<String>,
    /// For [`Role::Empty`].
    pub empty: Vec<String>,
}

impl RoleNames {
    /// The role for which the user says that `text` stands.
    #[must_use]
    pub fn said(&self, text: &str) -> Option<Role> {
        let is_in = |names: &[String]| names.iter().any(|name| name.eq_ignore_ascii_case(text.trim()));
        let roles =
            [(&self.negative, Role::Negative), (&self.positive, Role::Positive), (&self.empty, Role::Empty)];
        roles.into_iter().find(|(names, _)| is_in(names)).map(|(_, role)| role)
    }

    /// The role of a word that should be one.
    pub(super) fn role(&self, text: &str) -> Option<Role> {
        let usual = match text.trim().to_ascii_lowercase().as_str() {
            "sample" | "sam" | "trt" | "treatment" | "treated" | "test" => Role::Sample,
            "negative" | "neg" | "negcon" | "negative control" | "neg_control" | "vehicle" | "mock"
            | "untreated" => Role::Negative,
            "positive" | "pos" | "poscon" | "positive control" | "pos_control" => Role::Positive,
            "empty" | "blank" | "none" => Role::Empty,
            "other" | "excluded" | "cont1" | "cont2" => Role::Other,
            _ => return self.said(text),
        };
        Some(self.said(text).unwrap_or(usual))
    }
}

/// An amount of a compound.
#[derive(Debug, Clone, PartialEq)]
pub struct Concentration {
    /// Amount, 0 or more.
    pub value: f64,
    /// `uM` for all that is counted in moles, else the unit as it was written; empty when nobody says.
    pub unit: String,
}

impl Concentration {
    /// `value` in `unit`, moles becoming micromoles per litre.
    #[must_use]
    pub fn new(value: f64, unit: &str) -> Concentration {
        let unit = unit.trim();
        let power = match unit.replace(['µ', 'μ'], "u").as_str() {
            "M" | "mol/l" | "mol/L" => 6,
            "mM" | "mmol/l" | "mmol/L" => 3,
            "uM" | "um" | "umol/l" | "umol/L" => 0,
            "nM" | "nm" | "nmol/l" | "nmol/L" => -3,
            "pM" | "pmol/l" | "pmol/L" => -6,
            _ => return Concentration { value, unit: unit.to_owned() },
        };
        // Dividing by a power of ten rounds once, multiplying by 0.001 twice.
        let value = if power < 0 { value / 10f64.powi(-power) } else { value * 10f64.powi(power) };
        Concentration { value, unit: "uM".to_owned() }
    }

    /// An amount with its unit in one text: `10 uM`, `0.5`.
    pub(super) fn parse(text: &str, unit: &str) -> Option<Concentration> {
        let text = text.trim();
        let end =
            text.find(|c: char| c.is_alphabetic() && c != 'e' && c != 'E' || c == '%').unwrap_or(text.len());
        let (number, own) = text.split_at(end);
        let value = decimal(number.trim())?.parse::<f64>().ok().filter(|v| v.is_finite() && *v >= 0.0)?;
        Some(Concentration::new(value, if own.is_empty() { unit } else { own }))
    }
}

/// A number with a decimal point where it may have a comma; none where the comma may as well be one of thousands (`1,000`).
fn decimal(number: &str) -> Option<String> {
    let Some((whole, part)) = number.split_once(',') else { return Some(number.to_owned()) };
    let thousands = part.len() == 3 && !whole.trim_start_matches('0').is_empty();
    (!thousands && !part.contains(['.', ','])).then(|| format!("{whole}.{part}"))
}

/// What is in a well.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Content {
    /// What it is there for.
    pub role: Role,
    /// Compound, gene, or whatever is asked about.
    pub compound: Option<String>,
    /// How much of it.
    pub concentration: Option<Concentration>,
    /// Which replicate, when wells have their own.
    pub replicate: Option<String>,
    /// With which others it was made.
    pub batch: Option<String>,
    /// Whose cells.
    pub donor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_one_unit() {
        let of = |text, unit| Concentration::parse(text, unit).map(|c| (c.value, c.unit));
        assert_eq!(of("10 nM", ""), Some((0.01, "uM".into())));
        assert_eq!(of("0.5", "mM"), Some((500.0, "uM".into())));
        assert_eq!(of("1e-3 M", ""), Some((1000.0, "uM".into())));
        assert_eq!(of("2µM", ""), Some((2.0, "uM".into())));
        assert_eq!(of("5 ug/ml", ""), Some((5.0, "ug/ml".into())));
        assert_eq!(of("0.1%", ""), Some((0.1, "%".into())));
        assert_eq!(of("0,125 uM", ""), Some((0.125, "uM".into())));
        assert_eq!(of("2,5", "nM"), Some((0.0025, "uM".into())));
        assert_eq!(of("1,000 uM", ""), None);
        assert_eq!(of("-1 uM", ""), None);
        assert_eq!(of("much", ""), None);
    }
}
