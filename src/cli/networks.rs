//! Which file each network of a property is in.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use taut::io::vnnlib::{NetworkDeclaration, NetworkList, NetworkRelation, Query};
use taut::message::excerpt;

/// The files of networks as they are given.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A file without a name.
    One(PathBuf),
    /// Files by the names of networks.
    Named(Vec<(String, PathBuf)>),
}

impl Given {
    /// Where the network stands: a file, or a list of names with files as the competition's
    /// lists have them for several: `[('f', 'a.onnx'), ('g', 'b.onnx')]`.
    ///
    /// # Errors
    /// It begins like a list and is none.
    pub fn at_place(text: &Path) -> anyhow::Result<Self> {
        match text.to_str().filter(|text| NetworkList::begins(text)) {
            Some(list) => Ok(Self::Named(NetworkList::read(list)?.0)),
            None => Ok(Self::One(text.to_path_buf())),
        }
    }

    /// Those of the flag `--network`, each `NAME=FILE`.
    ///
    /// # Errors
    /// One without `=`.
    pub fn named(list: &[String]) -> anyhow::Result<Self> {
        let each = list.iter().map(|named| {
            let (name, file) = named.split_once('=').with_context(|| {
                format!("--network: found '{}', expected NAME=FILE", excerpt(named))
            })?;
            Ok((name.to_string(), PathBuf::from(file)))
        });
        Ok(Self::Named(each.collect::<anyhow::Result<_>>()?))
    }

    /// The file of the first network.
    pub fn first(&self) -> Option<&Path> {
        match self {
            Self::One(path) => Some(path),
            Self::Named(named) => named.first().map(|(_, path)| path.as_path()),
        }
    }

    /// The file of each network that a query declares; one that is equal to another one has that
    /// one's.
    ///
    /// # Errors
    /// There are too many, or too few.
    pub fn files(&self, query: &Query) -> anyhow::Result<Vec<PathBuf>> {
        let declared = &query.networks;
        let own: Vec<&NetworkDeclaration> =
            declared.iter().filter(|network| equal_to(network).is_none()).collect();
        let names = || {
            let names = own.iter().map(|network| format!("'{}'", excerpt(&network.name)));
            names.collect::<Vec<_>>().join(", ")
        };
        let by_name = match self {
            Self::One(path) if own.len() == 1 => vec![path.clone()],
            Self::One(_) => bail!(
                "found one network file; expected {}, one each for {}: --network NAME=FILE",
                own.len(),
                names()
            ),
            // Version 1.0 has no names.
            Self::Named(named) if query.version.major == 1 => match &named[..] {
                [(_, path)] => vec![path.clone()],
                _ => bail!("--network: found {}; expected one", named.len()),
            },
            Self::Named(named) => {
                for (index, (name, _)) in named.iter().enumerate() {
                    let name = excerpt(name);
                    let network = declared.iter().find(|network| network.name == named[index].0);
                    let Some(network) = network else {
                        bail!(
                            "--network {name}: the property declares no such network; expected {}",
                            names()
                        );
                    };
                    if let Some(other) = equal_to(network) {
                        let other = excerpt(&declared[other].name);
                        bail!(
                            "--network {name}: the property declares it equal to '{other}', whose file it has; expected none"
                        );
                    }
                    let again = named[..index].iter().any(|(before, _)| *before == named[index].0);
                    ensure!(!again, "--network {name}: given twice; expected once");
                }
                let file = |network: &&NetworkDeclaration| {
                    let found = named.iter().find(|(name, _)| *name == network.name);
                    found.map(|(_, path)| path.clone()).with_context(|| {
                        let name = excerpt(&network.name);
                        format!("no file for the network '{name}'; expected --network {name}=FILE")
                    })
                };
                own.iter().map(file).collect::<anyhow::Result<_>>()?
            }
        };
        let mut own_files = by_name.into_iter();
        let mut files: Vec<PathBuf> = Vec::new();
        for network in declared {
            files.push(match equal_to(network) {
                Some(other) => files[other].clone(),
                None => own_files.next().expect("a file for each"),
            });
        }
        Ok(files)
    }
}

/// The network that a network is equal to.
pub fn equal_to(network: &NetworkDeclaration) -> Option<usize> {
    match network.relation {
        NetworkRelation::EqualTo(other) => Some(other),
        NetworkRelation::None | NetworkRelation::IsomorphicTo(_) => None,
    }
}
