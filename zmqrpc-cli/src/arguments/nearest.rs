//! What somebody may have meant.

use strsim::osa_distance;

/// Returns the name that is most like another one, if any is. A method's own name is as good as its full one.
pub(crate) fn nearest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let folded = name.to_lowercase();
    let distances = names.into_iter().map(|other| {
        let other_folded = other.to_lowercase();
        let own = other_folded.rsplit('.').next().unwrap_or_default();
        let distance = osa_distance(&folded, &other_folded).min(osa_distance(&folded, own));
        (distance, other)
    });
    let is_near = |(distance, other): &(usize, &str)| {
        let shorter = other.chars().count().min(folded.chars().count());
        *distance <= (shorter / 3).max(1)
    };
    let near = distances
        .filter(is_near)
        .min_by_key(|(distance, _)| *distance);
    near.map(|(_, other)| other)
}

/// Returns `; did you mean ..?`, or nothing if no name is like it.
pub(crate) fn did_you_mean<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    nearest(name, names).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
