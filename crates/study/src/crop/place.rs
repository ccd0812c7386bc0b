//! Where fields were taken: what they are called, and which group their cells belong to.

use std::collections::BTreeSet;

use formats::microscope::Place;

use super::request::Group;
use crate::StudyError;

/// The field of a well as its table has it: as the image says, or the number of the field in the image.
#[must_use]
pub fn field_of(place: &Place, index: usize) -> String {
    place.field.clone().unwrap_or_else(|| index.to_string())
}

/// What field `index` of `places` adds to the names of its cells: where it was taken, if that is said and is its own; nothing for
/// the only field of an image.
#[must_use]
pub fn name(places: &[Place], index: usize) -> String {
    let place = &places[index];
    let is_said = place.plate.is_some() || place.well.is_some() || place.field.is_some();
    let names: BTreeSet<&String> = places.iter().map(|place| &place.name).collect();
    match (is_said && names.len() == places.len(), places.len()) {
        (true, _) => place.name.clone(),
        (false, 1) => String::new(),
        (false, _) => format!("f{index}"),
    }
}

/// The group of the cells of field `index` of `places`; `image` is the name of the image, `by_path` what was found in its path, and
/// `only` whether there is no other image.
///
/// # Errors
/// What is wanted, when the image does not say it.
pub fn group(
    by: &Group,
    (image, by_path, only): (&str, &str, bool),
    places: &[Place],
    index: usize,
) -> Result<String, StudyError> {
    let place = &places[index];
    let join = |parts: &[Option<&str>]| {
        parts.iter().flatten().copied().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    };
    // Wells of the same name on different plates are no relatives.
    let plate = place.plate.as_deref().or((!only).then_some(image));
    let need = |part: &Option<String>, what: &str| {
        part.clone().ok_or_else(|| {
            let expected = format!("a {what} (a pattern with {{{what}}}, or metadata of a plate)");
            StudyError::Refused(format!("{image}: expected {expected} to group by, found none"))
        })
    };
    Ok(match by {
        Group::Image => image.to_owned(),
        Group::Path(_) => by_path.to_owned(),
        Group::Field => join(&[Some(image), Some(&name(places, index))]),
        Group::Well => join(&[plate, Some(&need(&place.well, "well")?)]),
        Group::Plate => need(&place.plate, "plate")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_by_what_is_said() {
        let place = |well: &str, field: &str| Place {
            name: format!("p1/{well}/{field}"),
            plate: Some("p1".to_owned()),
            well: Some(well.to_owned()),
            field: Some(field.to_owned()),
        };
        let places = [place("B02", "1"), place("B02", "2")];
        let of = |by: Group| group(&by, ("screen", "", true), &places, 1).unwrap();
        assert_eq!(of(Group::Well), "p1/B02");
        assert_eq!(of(Group::Plate), "p1");
        assert_eq!(of(Group::Field), "screen/p1/B02/2");
        assert_eq!(of(Group::Image), "screen");
        let unsaid = [Place::default(), Place::default()];
        assert_eq!(group(&Group::Field, ("a.tif", "", true), &unsaid, 1).unwrap(), "a.tif/f1");
        let message = group(&Group::Well, ("a.tif", "", true), &unsaid, 1).unwrap_err().to_string();
        assert!(message.contains("a.tif") && message.contains("{well}"), "{message}");
        assert_eq!(group(&Group::Field, ("a.tif", "", true), &unsaid[..1], 0).unwrap(), "a.tif");
    }
}
