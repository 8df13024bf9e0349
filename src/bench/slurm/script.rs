//! The script of a job array.

use std::collections::BTreeSet;
use std::path::Path;

use super::SlurmError;
use crate::bench::plan::{Plan, Shard};
use crate::bench::record::Record;

/// What a share takes itself, besides the memory of its run, in megabytes.
const OWN_MEMORY: u64 = 256;

/// The shares with a run that has no record.
pub fn open_shares(plan: &Plan, shares: usize, records: &[Record]) -> Vec<usize> {
    let done: BTreeSet<&str> = records.iter().map(|record| record.run.as_str()).collect();
    let is_open = |number: &usize| {
        let mut runs = plan.share(Shard { number: *number, count: shares });
        runs.any(|run| !done.contains(plan.key(run).as_str()))
    };
    (1..=shares).filter(is_open).collect()
}

/// The script of an array; all paths are whole.
pub fn script(
    plan: &Plan,
    program: &Path,
    suite: &Path,
    folder: &Path,
    tasks: &[usize],
    shares: usize,
) -> Result<String, SlurmError> {
    let settings = &plan.suite;
    let mut lines =
        vec!["#!/bin/sh".to_string(), "# Written by taut bench --engine slurm.".to_string()];
    let mut line = |words: String| lines.push(format!("#SBATCH {words}"));
    let stem = suite.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    line(format!("--job-name=taut-{}", stem.replace(|c| !is_plain(c), "-")));
    line(format!("--array={}", ranges(tasks)));
    line("--ntasks=1".to_string());
    line(format!("--cpus-per-task={}", settings.threads));
    if let Some(megabytes) = settings.memory_limit_mb {
        line(format!("--mem={}M", megabytes.saturating_add(OWN_MEMORY)));
    }
    // To the share itself, which ends its run and keeps what it has.
    line("--signal=B:TERM@30".to_string());
    line("--requeue".to_string());
    line("--open-mode=append".to_string());
    line(format!("--output=\"{}/slurm-%a.out\"", pattern(folder)?));
    settings.slurm.options.iter().for_each(|option| line(option.clone()));
    let [program, suite, folder] = [quoted(program)?, quoted(suite)?, quoted(folder)?];
    // In place of the shell, so that the signal is heard.
    lines.push(format!("exec {program} bench {suite} -o {folder} --resume \\"));
    lines.push(format!("    --shard \"$SLURM_ARRAY_TASK_ID/{shares}\" --quiet --format json\n"));
    Ok(lines.join("\n"))
}

/// Numbers as sbatch takes them: "1-3,7".
fn ranges(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|a, b| *b == a + 1).map(|run| match run {
        [first, .., last] => format!("{first}-{last}"),
        alone => alone.iter().map(usize::to_string).collect(),
    });
    runs.collect::<Vec<_>>().join(",")
}

/// A path between double quotes in a line of options, where % begins a place to be filled in.
fn pattern(path: &Path) -> Result<String, SlurmError> {
    let text = path.to_string_lossy();
    let refused = [('\n', "a line break"), ('"', "a double quote"), ('\\', "a backslash")];
    match refused.iter().find(|(character, _)| text.contains(*character)) {
        Some((_, found)) => Err(SlurmError::Path { path: text.into_owned(), found }),
        None => Ok(text.replace('%', "%%")),
    }
}

/// A path as a word of a shell.
fn quoted(path: &Path) -> Result<String, SlurmError> {
    let text = path.to_str().ok_or_else(|| SlurmError::Path {
        path: path.to_string_lossy().into_owned(),
        found: "bytes that are no text",
    })?;
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::check::tests::record;
    use crate::bench::record::Outcome;

    fn plan() -> Plan {
        let folder = temp_dir::TempDir::new().expect("a folder");
        std::fs::write(folder.child("a.toml"), "").expect("a file");
        let path = folder.child("suite.toml");
        let text = "instances = ['a.toml']\nseeds = [0, 1, 2, 3, 4]\nthreads = 2\n\
                    memory_limit_mb = 1000\n[slurm]\noptions = ['--partition=big']";
        std::fs::write(&path, text).expect("a suite");
        Plan::read(&path).expect("a plan")
    }

    #[test]
    fn the_script_says_what_each_share_needs() {
        let [program, suite] = ["/opt/it's/taut", "/s/my suite.toml"].map(Path::new);
        let text = script(&plan(), program, suite, Path::new("/r 5%"), &[1, 2, 3, 5], 5);
        let expected = r#"#!/bin/sh
# Written by taut bench --engine slurm.
#SBATCH --job-name=taut-my-suite
#SBATCH --array=1-3,5
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --mem=1256M
#SBATCH --signal=B:TERM@30
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output="/r 5%%/slurm-%a.out"
#SBATCH --partition=big
exec '/opt/it'\''s/taut' bench '/s/my suite.toml' -o '/r 5%' --resume \
    --shard "$SLURM_ARRAY_TASK_ID/5" --quiet --format json
"#;
        assert_eq!(text.expect("a script"), expected);
        let error =
            script(&plan(), program, suite, Path::new("/r\n"), &[1], 1).expect_err("a path");
        assert!(error.to_string().contains("found a line break"), "{error}");
    }

    #[test]
    fn only_shares_with_something_to_run_are_submitted() {
        let plan = plan();
        let done = |at: usize| {
            let run = plan.key(&plan.runs[at]);
            Record { run, ..record("default", Outcome::Optimal, None, None) }
        };
        // Share 1 of 3 has the runs 0 and 3, share 2 has 1 and 4, share 3 has 2.
        assert_eq!(open_shares(&plan, 3, &[]), [1, 2, 3]);
        assert_eq!(open_shares(&plan, 3, &[done(0), done(2), done(4)]), [1, 2]);
        assert_eq!(open_shares(&plan, 3, &[0, 1, 2, 3, 4].map(done)), [0; 0]);
        assert_eq!(ranges(&[1, 2, 3, 5, 7, 8]), "1-3,5,7-8");
    }
}
