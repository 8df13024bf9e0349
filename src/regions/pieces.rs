//! Distinct affine maps, and linear pieces: what is left of the cells when neighbours with
//! the same map are merged.
//!
//! Different patterns often have one map: a neuron that no active neuron reads changes
//! nothing. [`Merged::maps`] counts the maps, [`Merged::pieces`] the connected unions of
//! cells that have the same map and share facets (sets of dimension `n − 1`), so
//! `maps ≤ pieces ≤ patterns`.
//!
//! Both are exact. Patterns that agree on the neurons with a way to the outputs have the
//! same map. Others may by coincidence: where their values at one point are closer than the
//! bound on the rounding errors, exact arithmetic compares all coefficients. On a shared
//! facet every neuron whose phase differs is at its bend, so in the first layer in which two
//! patterns differ, all bends between them lie on one hyperplane; [`Facets`] decides for
//! these pairs.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use petgraph::unionfind::UnionFind;

use super::exact::Number;
use super::facet::{Bend, Facets};
use super::path::Path;
use super::plan::{Kind, PASSED, Plan, phase};
use super::workers::Worker;
use super::{Leaf, Sink};
use crate::network::Phase;

/// Where along each interval the values of maps are compared: anywhere but in special
/// places such as the middle.
const PROBE: f64 = 0.618_033_988_749_894_8;

/// What cells become when they are merged.
#[derive(Clone, Copy, Debug)]
pub struct Merged {
    pub pieces: u64,
    pub maps: u64,
}

/// Keeps the patterns of all cells.
#[derive(Debug)]
pub struct Collector<'a> {
    patterns: Vec<u8>,
    all: &'a Mutex<Vec<u8>>,
}

impl<'a> Collector<'a> {
    pub fn new(all: &'a Mutex<Vec<u8>>) -> Self {
        Self { patterns: Vec::new(), all }
    }
}

impl Sink for Collector<'_> {
    fn take(&mut self, path: &Path, _: &mut dyn Leaf) -> bool {
        path.passed.iter().for_each(|stage| self.patterns.extend_from_slice(stage));
        true
    }
}

impl Drop for Collector<'_> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.append(&mut self.patterns);
    }
}

/// What a cell takes: its pattern, and its place among those with the same map.
pub fn bytes_of_a_cell(plan: &Plan) -> usize {
    /// Reference to the pattern, entry of the union, entry of a group.
    const PLACES: usize = 16 + 8 + 8;
    plan.stages.iter().map(|stage| stage.neurons.len()).sum::<usize>() + PLACES
}

/// Merges the cells with these patterns, one behind the other; `None` if the worker is
/// halted first. The plan has the outputs.
pub fn merge(plan: &Plan, patterns: &[u8], worker: Worker) -> Option<Merged> {
    let size: usize = plan.stages.iter().map(|stage| stage.neurons.len()).sum();
    if size == 0 {
        return Some(Merged { pieces: 1, maps: 1 });
    }
    let patterns: Vec<&[u8]> = patterns.chunks_exact(size).collect();
    let mut merge = Merge {
        plan,
        sets: UnionFind::new(patterns.len()),
        patterns,
        facets: Facets::new(plan, worker),
    };
    let mut groups = merge.groups()?;
    let mut pieces = 0;
    for cells in groups.values_mut() {
        merge.connect(cells, 0, 0)?;
        pieces += cells.iter().filter(|&&cell| merge.sets.find(cell) == cell).count();
    }
    Some(Merged { pieces: pieces as u64, maps: groups.len() as u64 })
}

struct Merge<'p, 's, 'd> {
    plan: &'p Plan,
    patterns: Vec<&'d [u8]>,
    /// Cells that are known to be in one piece.
    sets: UnionFind<usize>,
    facets: Facets<'p, 's>,
}

impl Merge<'_, '_, '_> {
    /// The cells of each map, by one of them.
    fn groups(&mut self) -> Option<BTreeMap<usize, Vec<usize>>> {
        let mut classes: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        for (cell, pattern) in self.patterns.iter().enumerate() {
            classes.entry(effective(self.plan, pattern)).or_default().push(cell);
        }
        let mut classes: Vec<Vec<usize>> = classes.into_values().collect();
        classes.sort_unstable();
        let same = self.coincidences(&classes)?;
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (class, cells) in classes.into_iter().enumerate() {
            groups.entry(same.find(class)).or_default().extend(cells);
        }
        Some(groups)
    }

    /// Which classes of cells have one map, although their patterns differ where it matters.
    fn coincidences(&mut self, classes: &[Vec<usize>]) -> Option<UnionFind<usize>> {
        let plan = self.plan;
        let output = plan.output.expect("a plan with outputs");
        let ends = plan.lower.iter().zip(&plan.upper);
        let probe: Vec<f64> = ends.map(|(l, u)| l + PROBE * (u - l)).collect();
        let doubts: Vec<f64> = (0..plan.nodes[output].entries.len())
            .map(|entry| 2.0 * plan.bend_errors(output, entry, 0.0).value)
            .collect();
        let mut values: Vec<(Vec<f64>, usize)> = Vec::with_capacity(classes.len());
        for (class, cells) in classes.iter().enumerate() {
            self.facets.path.replay(self.patterns[cells[0]]);
            self.facets.step()?;
            values.push((self.facets.path.values(output, &probe), class));
        }
        values.sort_by(|a, b| a.0[0].total_cmp(&b.0[0]));
        let mut same = UnionFind::new(classes.len());
        for (position, (first, class)) in values.iter().enumerate() {
            if same.find(*class) != *class {
                continue;
            }
            let mut exact = None;
            for (second, other) in &values[position + 1..] {
                if second[0] - first[0] > doubts[0] {
                    break;
                }
                let mut ends = first.iter().zip(second).zip(&doubts);
                if same.equiv(*class, *other) || !ends.all(|((a, b), e)| (a - b).abs() <= *e) {
                    continue;
                }
                self.facets.step()?;
                let exact = exact.get_or_insert_with(|| self.exact_map(classes[*class][0]));
                if *exact == self.exact_map(classes[*other][0]) {
                    same.union(*class, *other);
                }
            }
        }
        Some(same)
    }

    fn exact_map(&mut self, cell: usize) -> Vec<Rc<[Number]>> {
        let output = self.plan.output.expect("a plan with outputs");
        let path = &mut self.facets.path;
        path.replay(self.patterns[cell]);
        let entries = 0..self.plan.nodes[output].entries.len();
        entries.map(|entry| path.exact_value(output, entry)).collect()
    }

    /// Unites those of the cells, whose patterns agree before `stage`, whose part begins at
    /// `offset`, that share facets.
    fn connect(&mut self, cells: &mut [usize], stage: usize, offset: usize) -> Option<()> {
        if cells.len() < 2 || stage == self.plan.stages.len() {
            return Some(());
        }
        let end = offset + self.plan.stages[stage].neurons.len();
        let patterns = &self.patterns;
        cells.sort_unstable_by_key(|&cell| &patterns[cell][offset..end]);
        let parts = |cells: &[usize]| -> Vec<Vec<usize>> {
            let same =
                |&a: &usize, &b: &usize| patterns[a][offset..end] == patterns[b][offset..end];
            cells.chunk_by(same).map(<[usize]>::to_vec).collect()
        };
        let mut parts = parts(cells);
        for part in &mut parts {
            self.connect(part, stage + 1, end)?;
        }
        if parts.len() < 2 {
            return Some(());
        }
        let phases: Vec<&[u8]> =
            parts.iter().map(|part| &self.patterns[part[0]][offset..end]).collect();
        let bends = varying(&phases);
        for hyperplane in self.facets.hyperplanes(self.patterns[parts[0][0]], stage, &bends)? {
            let mut neighbors: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
            for (part, phases) in phases.iter().enumerate() {
                let mut masked = phases.to_vec();
                hyperplane.iter().for_each(|bend| masked[bend.neuron] &= !PASSED[bend.bend]);
                neighbors.entry(masked).or_default().push(part);
            }
            for sides in neighbors.values().filter(|sides| sides.len() > 1) {
                for (i, &above) in sides.iter().enumerate() {
                    for &below in &sides[i + 1..] {
                        self.unite(&parts[above], &parts[below], stage, &hyperplane)?;
                    }
                }
            }
        }
        Some(())
    }

    /// Unites cells on both sides of a hyperplane that share a facet.
    fn unite(&mut self, a: &[usize], b: &[usize], stage: usize, on: &[Bend]) -> Option<()> {
        for &a in a {
            for &b in b {
                if !self.sets.equiv(a, b)
                    && self.facets.is_shared([self.patterns[a], self.patterns[b]], stage, on)?
                {
                    self.sets.union(a, b);
                }
            }
        }
        Some(())
    }
}

/// The bends of a layer that some of these parts of patterns have passed and others not.
fn varying(phases: &[&[u8]]) -> Vec<Bend> {
    let mut bends = Vec::new();
    for neuron in 0..phases[0].len() {
        for (bend, bit) in PASSED.into_iter().enumerate() {
            if phases.iter().any(|other| (other[neuron] ^ phases[0][neuron]) & bit != 0) {
                bends.push(Bend { neuron, bend });
            }
        }
    }
    bends
}

/// A pattern in which neurons without a way to the outputs are inactive: what the map
/// depends on.
fn effective(plan: &Plan, pattern: &[u8]) -> Vec<u8> {
    let mut live: Vec<Vec<bool>> =
        plan.nodes.iter().map(|node| vec![false; node.entries.len()]).collect();
    live[plan.output.expect("a plan with outputs")].fill(true);
    let mut effective = pattern.to_vec();
    let mut end = pattern.len();
    for (index, node) in plan.nodes.iter().enumerate().rev() {
        let (before, rest) = live.split_at_mut(index);
        let here = &rest[0];
        match &node.kind {
            Kind::Unused | Kind::Input => {}
            Kind::Affine { terms, .. } => {
                for term in terms {
                    for (row, _) in term.rows.iter().zip(here).filter(|(_, is_live)| **is_live) {
                        row.iter().for_each(|&(j, _)| before[term.source][j] = true);
                    }
                }
            }
            Kind::Activation { stage } => {
                let stage = &plan.stages[*stage];
                let start = end - stage.neurons.len();
                for (i, neuron) in stage.neurons.iter().enumerate() {
                    if !here[i] {
                        effective[start + i] = 0;
                    } else if let (Phase::Active, Some(input)) =
                        (phase(effective[start + i]), neuron.input)
                    {
                        before[stage.input][input] = true;
                    }
                }
                end = start;
            }
        }
    }
    effective
}
