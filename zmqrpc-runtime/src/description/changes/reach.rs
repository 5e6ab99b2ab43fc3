//! The differences that a method meets, and the ways on which it meets them.

use super::graph::{Finding, Graph, NodeId, Step, StepId};
use super::text::way_text;

/// How many pairs of types are passed on all ways together, and differences met.
const MAX_PASSED: usize = 1 << 21;

/// Finds what can be reached in a graph that is complete.
pub(super) struct Reach<'g, 'd> {
    graph: &'g Graph<'d>,
    /// Whether a node has a finding, or leads to one: most lead to none, and are not passed.
    leads: Vec<bool>,
    /// The root from which each node was passed last.
    passed_from: Vec<Option<NodeId>>,
    passed: usize,
}

/// A finding, and where a method meets it.
pub(super) struct Sighting<'g> {
    pub(super) finding: &'g Finding,
    /// `Line.count`; nothing for what is within the method's own shapes.
    pub(super) place: Option<String>,
    /// `order.lines[].count`
    pub(super) path: String,
}

impl<'g, 'd> Reach<'g, 'd> {
    pub(super) fn new(graph: &'g Graph<'d>) -> Self {
        let nodes = graph.nodes();
        let mut holders = vec![Vec::new(); nodes.len()];
        for (holder, node) in nodes.iter().enumerate() {
            for (_, held) in &node.edges {
                holders[held.index()].push(holder);
            }
        }
        let mut leads: Vec<bool> = nodes.iter().map(|node| !node.findings.is_empty()).collect();
        let mut waiting: Vec<usize> = (0..nodes.len()).filter(|index| leads[*index]).collect();
        while let Some(held) = waiting.pop() {
            for holder in &holders[held] {
                if !std::mem::replace(&mut leads[*holder], true) {
                    waiting.push(*holder);
                }
            }
        }
        Self {
            graph,
            leads,
            passed_from: vec![None; nodes.len()],
            passed: 0,
        }
    }

    /// Returns whether there was more to pass than is passed.
    pub(super) fn is_exhausted(&self) -> bool {
        self.passed > MAX_PASSED
    }

    /// Returns what an argument, a reply or an error of this name meets: the nearest first, each on the shortest way.
    pub(super) fn sightings(&mut self, root: NodeId, start: &str) -> Vec<Sighting<'g>> {
        let graph = self.graph;
        // The nodes that are passed, each with the place in this list of the one that holds it, and where that does.
        let mut passed = vec![(root, 0, StepId::START)];
        let mut sightings = Vec::new();
        let mut next = 0;
        while let Some((id, ..)) = passed.get(next).copied() {
            let node = &graph.nodes()[id.index()];
            self.passed += node.findings.len();
            for finding in &node.findings {
                sightings.push(Sighting {
                    finding,
                    place: node
                        .owner
                        .map(|owner| way_text(owner, graph.steps_to(finding.step))),
                    path: way_text(start, steps(graph, &passed, next, finding.step)),
                });
            }
            for (step, held) in &node.edges {
                let index = held.index();
                if self.leads[index] && self.passed_from[index] != Some(root) {
                    self.passed_from[index] = Some(root);
                    passed.push((*held, next, *step));
                    self.passed += 1;
                }
                if self.is_exhausted() {
                    return sightings;
                }
            }
            next += 1;
        }
        sightings
    }
}

/// Returns the steps to a place within a node that was passed, the last one first.
fn steps<'g, 'd>(
    graph: &'g Graph<'d>,
    passed: &'g [(NodeId, usize, StepId)],
    node: usize,
    step: StepId,
) -> impl Iterator<Item = Step<'d>> {
    let mut next = Some((node, step));
    let ways = std::iter::from_fn(move || {
        let (node, step) = next?;
        let (_, holder, held_at) = passed[node];
        next = (node != 0).then_some((holder, held_at));
        Some(step)
    });
    ways.flat_map(|step| graph.steps_to(step))
}
