//! What an explanation leaves on the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cells::CropSource;
use formats::FormatError;
use formats::atomic;
use formats::table::{Column, Table};
use nn::Network;

use super::agreement::{Agreement, Median};
use super::choice::{Group, groups, label};
use super::page::{self, Shown};
use super::stream::MapFile;
use super::{ExplainRequest, MARK, Mapper, Method};
use crate::predict;
use crate::report::folder::Files;
use crate::{Dataset, Model, Progress, StudyError};

/// The table of cells.
const CELLS: &str = "cells.csv";

/// Cells and what is asked of them.
pub struct Work<'a> {
    pub model: &'a Model,
    pub data: &'a Dataset,
    pub request: &'a ExplainRequest,
    /// `[n, classes]`.
    pub probabilities: Vec<f64>,
    /// Class of each cell.
    pub predicted: Vec<usize>,
    /// The class that is asked about.
    pub explained: Vec<usize>,
}

/// Maps of the cells that are shown, by their number: one per method.
pub type Maps = BTreeMap<usize, Vec<(Method, Vec<f32>)>>;

/// What was found beside the maps.
pub struct Checks {
    /// With occlusion.
    pub occlusion: Vec<Median>,
    /// With the maps of the same network with random weights.
    pub random: Vec<Median>,
}

/// Makes all maps and writes the folder, all of it or nothing.
pub fn write(work: Work, mut mapper: Mapper, progress: &dyn Progress) -> Result<Vec<String>, StudyError> {
    let groups = work.groups();
    let output = &work.request.output;
    let (mut failed, mut lines) = (None, Vec::new());
    let done = atomic::write_folder(output, MARK, |folder| {
        match work.fill(folder, &groups, &mut mapper, progress) {
            Ok(told) => lines = told,
            Err(StudyError::Format(error)) => return Err(error),
            Err(error) => {
                let refusal = FormatError::new(output, "maps of all cells", error.to_string());
                failed = Some(error);
                return Err(refusal);
            }
        }
        Ok(())
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(done.map(|()| lines)?),
    }
}

impl Work<'_> {
    /// Probability of the predicted class of a cell.
    pub fn confidence(&self, cell: usize) -> f64 {
        self.probabilities[cell * self.model.classes.len() + self.predicted[cell]]
    }

    fn groups(&self) -> Vec<Group> {
        let confidence: Vec<f64> = (0..self.predicted.len()).map(|cell| self.confidence(cell)).collect();
        groups(self.model, self.data, &self.predicted, &confidence, self.request.n_shown)
    }

    fn fill(
        &self,
        folder: &Path,
        groups: &[Group],
        mapper: &mut Mapper,
        progress: &dyn Progress,
    ) -> Result<Vec<String>, StudyError> {
        let chosen: BTreeSet<usize> = groups.iter().flat_map(|group| group.shown.iter().copied()).collect();
        let mut agreement = Agreement::default();
        let mut maps = self.map_all(folder, &chosen, mapper, &mut agreement, progress)?;
        if !self.request.maps.methods.contains(&Method::Occlusion) {
            self.add_occlusion(&mut maps, mapper, &mut agreement, progress)?;
        }
        let checks = Checks { occlusion: agreement.medians(), random: self.against_random(&maps, progress)? };
        let shown = Shown { work: self, groups, maps: &maps, checks: &checks, mapper };
        let mut files = Files::default();
        page::add(&shown, &mut files)?;
        files.add(CELLS, self.table().to_csv());
        for name in files.names() {
            let content = files.get(name).unwrap_or_default();
            atomic::write_file(&folder.join(name), |out| std::io::Write::write_all(out, content))?;
        }
        Ok(shown.lines())
    }

    /// Writes the maps of all cells; keeps those of the chosen ones.
    fn map_all(
        &self,
        folder: &Path,
        chosen: &BTreeSet<usize>,
        mapper: &mut Mapper,
        agreement: &mut Agreement,
        progress: &dyn Progress,
    ) -> Result<Maps, StudyError> {
        let methods = &self.request.maps.methods;
        let shape = self.data.shape();
        let (n, len) = (self.predicted.len(), shape.h * shape.w);
        let create = |method: &Method| {
            MapFile::create(&folder.join(format!("{}.npy", method.file())), &[n, shape.h, shape.w])
        };
        let mut files = methods.iter().map(create).collect::<Result<Vec<_>, _>>()?;
        let mut kept = Maps::new();
        let everyone: Vec<usize> = (0..n).collect();
        progress.begin("explaining", n as u64);
        for cells in everyone.chunks(mapper.at_once()) {
            let made = mapper.maps(methods, cells, &self.explained[cells[0]..cells[0] + cells.len()])?;
            for (file, maps) in files.iter_mut().zip(&made) {
                file.append(maps)?;
            }
            for (i, &cell) in cells.iter().enumerate() {
                let map = |maps: &Vec<f32>| maps[i * len..(i + 1) * len].to_vec();
                let all: Vec<(Method, Vec<f32>)> =
                    methods.iter().copied().zip(made.iter().map(map)).collect();
                compare(&all, agreement);
                if chosen.contains(&cell) {
                    kept.insert(cell, all);
                }
            }
            progress.advance(cells[0] as u64 + cells.len() as u64, "");
        }
        progress.finish("");
        files.into_iter().try_for_each(MapFile::finish)?;
        Ok(kept)
    }

    /// Adds occlusion to the cells that are shown.
    fn add_occlusion(
        &self,
        maps: &mut Maps,
        mapper: &mut Mapper,
        agreement: &mut Agreement,
        progress: &dyn Progress,
    ) -> Result<(), StudyError> {
        progress.begin("occlusion", maps.len() as u64);
        for (done, (&cell, maps)) in maps.iter_mut().enumerate() {
            let occlusion = mapper.maps(&[Method::Occlusion], &[cell], &self.explained[cell..=cell])?;
            maps.push((Method::Occlusion, occlusion.concat()));
            compare(maps, agreement);
            progress.advance(done as u64 + 1, "");
        }
        progress.finish("");
        Ok(())
    }

    /// How far the maps of the shown cells stay what they are when the network forgets all it learned.
    ///
    /// # Source
    /// Adebayo et al. 2018, arXiv:1810.03292.
    fn against_random(&self, maps: &Maps, progress: &dyn Progress) -> Result<Vec<Median>, StudyError> {
        let settings = &self.request.maps;
        let network = Network::new(self.model.network.spec().clone(), settings.seed)
            .map_err(|_| StudyError::Refused("the network of a model is valid".to_owned()))?;
        let forgetful = Model { network, ..self.model.clone() };
        let mut mapper = Mapper::new(&forgetful, self.data, settings.clone(), progress)?;
        let methods: Vec<Method> =
            settings.methods.iter().copied().filter(|&method| method != Method::Occlusion).collect();
        let (cells, len) = (maps.keys().copied().collect::<Vec<_>>(), self.data.shape());
        let len = len.h * len.w;
        let mut agreement = Agreement::default();
        for cells in cells.chunks(mapper.at_once()) {
            let classes: Vec<usize> = cells.iter().map(|&cell| self.explained[cell]).collect();
            let random = mapper.maps(&methods, cells, &classes)?;
            for (i, cell) in cells.iter().enumerate() {
                for (method, all) in methods.iter().zip(&random) {
                    if let Some((_, map)) = maps[cell].iter().find(|(m, _)| m == method) {
                        agreement.add(*method, map, &all[i * len..(i + 1) * len]);
                    }
                }
            }
        }
        Ok(agreement.medians())
    }

    fn table(&self) -> Table {
        let mut table = predict::table(self.model, &self.data.cells, &self.probabilities);
        table.columns.retain(|(name, _)| name != "label" && name != "explained");
        let labels: Vec<Option<String>> =
            (0..self.predicted.len()).map(|cell| label(self.data, cell).map(str::to_owned)).collect();
        if labels.iter().any(Option::is_some) {
            table.push("label", Column::Text(labels));
        }
        let name = |&class: &usize| Some(self.model.classes[class].clone());
        table.push("explained", Column::Text(self.explained.iter().map(name).collect()));
        table
    }
}

/// Compares the maps of one cell with that of occlusion, when there is one.
fn compare(maps: &[(Method, Vec<f32>)], agreement: &mut Agreement) {
    let Some((_, occlusion)) = maps.iter().find(|(method, _)| *method == Method::Occlusion) else { return };
    for (method, map) in maps.iter().filter(|(method, _)| *method != Method::Occlusion) {
        agreement.add(*method, map, occlusion);
    }
}
