//! Which prototypes are compared with each other.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;

use super::prototypes::squared_distance;
use super::{Choice, Prototypes};
use crate::control::{Clock, StoppedBy};
use crate::train::data::{Dataset, Targets};

/// Prototypes, and pairs `(i, j)` of them.
pub(super) struct Pairs {
    pub(super) prototypes: Prototypes,
    pub(super) pairs: Vec<(usize, usize)>,
}

impl Pairs {
    /// At most `count` pairs for these data.
    ///
    /// # Errors
    /// The clock has ended it.
    pub(super) fn new(
        data: &Dataset,
        count: usize,
        random: &mut ChaCha8Rng,
        clock: &Clock,
    ) -> Result<Self, StoppedBy> {
        let inputs = data.inputs.view();
        let (prototypes, mut ranked) = match &data.targets {
            Targets::Classes { labels, names } => {
                let class_pairs = names.len() * names.len().saturating_sub(1) / 2;
                let each = (count as f64 / class_pairs.max(1) as f64).sqrt().ceil() as usize;
                let prototypes =
                    Prototypes::of_classes(inputs, labels, each, Choice::Medoids, random, clock)?;
                let ranked = across_classes(&prototypes, clock)?;
                (prototypes, ranked)
            }
            Targets::Values { .. } => {
                let prototypes = Prototypes::means(inputs, count + 1, random, clock)?;
                let ranked = neighbours(&prototypes, clock)?;
                (prototypes, ranked)
            }
        };
        ranked.sort_by(|a, b| (a.rank.cmp(&b.rank)).then(a.distance.total_cmp(&b.distance)));
        // Each prototype wins in some comparisons and loses in others.
        let turned = |(place, pair): (usize, Ranked)| match place % 2 {
            0 => (pair.i, pair.j),
            _ => (pair.j, pair.i),
        };
        let pairs = ranked.into_iter().take(count).enumerate().map(turned).collect();
        Ok(Self { prototypes, pairs })
    }
}

/// A pair, and how many of its group are nearer to each other.
struct Ranked {
    rank: usize,
    distance: f64,
    i: usize,
    j: usize,
}

/// Pairs with their distances.
type Group = Vec<(f64, usize, usize)>;

/// All pairs of different classes, ranked among those of the same two classes.
fn across_classes(prototypes: &Prototypes, clock: &Clock) -> Result<Vec<Ranked>, StoppedBy> {
    let classes = &prototypes.classes;
    let mut groups: BTreeMap<(usize, usize), Group> = BTreeMap::new();
    for i in 0..classes.len() {
        clock.go_on()?;
        for j in (0..classes.len()).filter(|&j| classes[i] < classes[j]) {
            let distance = distance(prototypes, i, j);
            groups.entry((classes[i], classes[j])).or_default().push((distance, i, j));
        }
    }
    Ok(groups.into_values().flat_map(ranked).collect())
}

/// All pairs, each ranked among the neighbours of the one or of the other, whichever is
/// better.
fn neighbours(prototypes: &Prototypes, clock: &Clock) -> Result<Vec<Ranked>, StoppedBy> {
    let count = prototypes.points.nrows();
    let mut best: BTreeMap<(usize, usize), Ranked> = BTreeMap::new();
    for i in 0..count {
        clock.go_on()?;
        let others = (0..count).filter(|&j| j != i);
        let others = others.map(|j| (distance(prototypes, i, j), i.min(j), i.max(j))).collect();
        for pair in ranked(others) {
            let known = best.get(&(pair.i, pair.j)).map_or(usize::MAX, |known| known.rank);
            if pair.rank < known {
                best.insert((pair.i, pair.j), pair);
            }
        }
    }
    Ok(best.into_values().collect())
}

/// Pairs with their distances, in the order of these; those of equal points are left out.
fn ranked(mut group: Group) -> Vec<Ranked> {
    group.retain(|&(distance, _, _)| distance > 0.0);
    group.sort_by(|a, b| a.0.total_cmp(&b.0));
    let numbered = group.into_iter().enumerate();
    numbered.map(|(rank, (distance, i, j))| Ranked { rank, distance, i, j }).collect()
}

fn distance(prototypes: &Prototypes, i: usize, j: usize) -> f64 {
    squared_distance(prototypes.points.row(i), prototypes.points.row(j))
}
