//! Why a package was not uploaded, installed or removed.

use tenon_diagnostics::{Classify, Kind, Message, Problem};
use tenon_plugin_host::{LoadError, TRACES_MAX};
use tenon_value::{Json, Uuid};

use super::{GrantLine, HOST_TEST_ROOMS, NotPlayed};
use crate::{BundleError, HostTestOutcome};

/// Why a package was not uploaded, installed or removed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The caller lacks the special right `packages`.
    #[error("this takes the special right `packages`")]
    Forbidden,
    /// There is no such package, or no such version of it.
    #[error("there is no such package")]
    NoPackage,
    /// The file is no good.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Its plugin cannot run here.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The name is one of the platform's.
    #[error("`{0}` is a name of the platform's")]
    Reserved(String),
    /// This version was uploaded before, with other contents.
    #[error("{0} was uploaded before with other contents: give it a new version")]
    VersionTaken(String),
    /// Too many of something.
    #[error("more than {max} {limit}")]
    Limit {
        /// The limit's name.
        limit: &'static str,
        /// Its number.
        max: usize,
    },
    /// Something older than what was installed once.
    #[error("{version} is older than {highest}, which was installed before: only a rollback goes back")]
    Older {
        /// What is to be installed.
        version: String,
        /// What was.
        highest: String,
    },
    /// It is not made for this platform.
    #[error("it runs on platform {wanted}, this is {here}")]
    Platform {
        /// Versions it names.
        wanted: String,
        /// This version.
        here: String,
    },
    /// Packages it needs are missing, or of other versions.
    #[error("it needs {}", .0.join(", "))]
    Requires(Vec<String>),
    /// Others need it as it is.
    #[error("{} need it", .0.join(", "))]
    RequiredBy(Vec<String>),
    /// Grants that nobody has consented to.
    #[error("it asks for what nobody has consented to: {}", keys(.0))]
    Grants(Vec<GrantLine>),
    /// There is nothing to roll back to.
    #[error("there is no version before this one")]
    NoPrevious,
    /// It is not installed.
    #[error("it is not installed")]
    NotInstalled,
    /// The version in force declares no such setting.
    #[error("the package has no setting `{0}`")]
    NoSetting(String),
    /// The version in force declares no such secret.
    #[error("the package has no secret `{0}`")]
    NoSecret(String),
    /// A value that cannot be set.
    #[error("`{name}`: {reason}")]
    Value {
        /// Of which setting or secret.
        name: String,
        /// Why not.
        reason: String,
    },
    /// It is used: installed, or the version to roll back to.
    #[error("{0} is in use")]
    InUse(String),
    /// Its plugin moves data in an upgrade, and is switched off.
    #[error("its plugin is switched off: enable it first, the upgrade moves data or is tried on a share")]
    SwitchedOff,
    /// The upgrade before has not moved all data yet.
    #[error("the upgrade before has not moved all data yet: wait for job {0}, retry it, or roll back")]
    Moving(Uuid),
    /// A version is tried on a share of the callers.
    #[error("a version is tried on {percent} % of its callers, beside {former}: promote it or roll it back first")]
    Canary {
        /// The version before.
        former: String,
        /// The share.
        percent: u8,
    },
    /// It is more than an addition, so it cannot be tried on a share.
    #[error("it cannot be tried on a share of its callers, these are in the way: {}", .0.join(", "))]
    NotCanary(Vec<String>),
    /// Nothing is tried.
    #[error("no version is tried on a share of the callers")]
    NoCanary,
    /// No share.
    #[error("{0} is no share: a version is tried on 1 to 99 percent of the callers")]
    Share(i64),
    /// What its plugin said when it was told that it comes or moves its data: a refusal or a fault, with the moment.
    #[error("{}", .0.message.en)]
    Told(Box<Problem>),
    /// Some of its own tests fail: how all went that were played.
    #[error("its test {}", first_failure(.0))]
    Tests(Vec<HostTestOutcome>),
    /// Its tests cannot be played once a document has changed something: others would wait for them.
    #[error("its tests are played before anything is changed: install it first in its document, or in one of its own")]
    TestsFirst,
    /// Its tests could not be played.
    #[error("its tests cannot be played now")]
    TestsUnavailable,
    /// Who asks may not take records out.
    #[error("a recorded call holds records of everybody: it takes the special right `export`, too")]
    NoExport,
    /// No such call is kept on the node that answers.
    #[error("no such call is kept on this node: {TRACES_MAX} of a package are, until it is started anew")]
    NoTrace,
    /// What is kept of it cannot be read.
    #[error("its file cannot be read")]
    Damaged,
}

fn keys(lines: &[GrantLine]) -> String {
    lines.iter().map(|line| format!("`{}`", line.key)).collect::<Vec<_>>().join(", ")
}

/// The first test that fails, where, and why.
fn first_failure(outcomes: &[HostTestOutcome]) -> String {
    let Some(one) = outcomes.iter().find(|one| one.failure.is_some()) else { return String::new() };
    format!("`{}` ({}) fails: {}", one.path, one.name, one.failure.as_deref().unwrap_or_default())
}

impl From<NotPlayed> for InstallError {
    fn from(why: NotPlayed) -> Self {
        match why {
            NotPlayed::Rooms => Self::Limit { limit: "host_test_rooms", max: HOST_TEST_ROOMS },
            NotPlayed::Unavailable => Self::TestsUnavailable,
        }
    }
}

impl InstallError {
    const fn rule(&self) -> &'static str {
        match self {
            Self::Reserved(_) => "package/reserved",
            Self::VersionTaken(_) => "package/version-taken",
            Self::Older { .. } => "package/older",
            Self::Platform { .. } => "package/platform",
            Self::Requires(_) => "package/requires",
            Self::RequiredBy(_) => "package/required-by",
            Self::Grants(_) => "package/grants",
            Self::NoPrevious => "package/no-previous",
            Self::NotInstalled => "package/not-installed",
            Self::InUse(_) => "package/in-use",
            Self::NoSetting(_) => "package/no-setting",
            Self::NoSecret(_) => "package/no-secret",
            Self::Value { .. } => "package/value",
            Self::SwitchedOff => "package/switched-off",
            Self::Moving(_) => "package/moving",
            Self::Canary { .. } => "package/canary",
            Self::NotCanary(_) => "package/canary-steps",
            Self::NoCanary => "package/no-canary",
            Self::Share(_) => "package/canary-share",
            Self::Tests(_) | Self::TestsUnavailable => "package/tests",
            Self::TestsFirst => "package/tests-first",
            Self::Damaged => "package/damaged",
            Self::NoTrace => "package/no-trace",
            Self::Forbidden => "packages",
            Self::NoExport => "export",
            Self::NoPackage | Self::Bundle(_) | Self::Load(_) | Self::Limit { .. } | Self::Told(_) => "package",
        }
    }

    /// The same in Chinese, whole.
    fn chinese(&self) -> String {
        match self {
            Self::Forbidden => "需要特殊权限 `packages`".to_owned(),
            Self::NoExport => "调用记录包含所有人的数据,还需要特殊权限 `export`".to_owned(),
            Self::NoTrace => format!("该节点没有保存此次调用:每个扩展包保存最近 {TRACES_MAX} 次失败的调用,重启后清空"),
            Self::Reserved(name) => format!("`{name}` 由平台保留"),
            Self::VersionTaken(version) => format!("{version} 已上传且内容不同,请使用新版本号"),
            Self::Older { version, highest } => format!("{version} 低于曾安装的 {highest},只能通过回滚返回"),
            Self::Platform { wanted, here } => format!("需要平台版本 {wanted},当前为 {here}"),
            Self::Requires(needs) => format!("缺少所依赖的扩展包:{}", needs.join("、")),
            Self::RequiredBy(others) => format!("其他扩展包依赖于它:{}", others.join("、")),
            Self::Grants(lines) => format!("请求的授权尚未获得同意:{}", keys(lines)),
            Self::NoPrevious => "没有可回滚的版本".to_owned(),
            Self::NotInstalled => "扩展包未安装".to_owned(),
            Self::InUse(version) => format!("{version} 正在使用"),
            Self::NoSetting(name) => format!("扩展包没有设置 `{name}`"),
            Self::NoSecret(name) => format!("扩展包没有密钥 `{name}`"),
            Self::Value { name, reason } => format!("`{name}` 的值不符合要求:{reason}"),
            Self::SwitchedOff => "升级需迁移数据或按比例试用,请先启用该扩展包".to_owned(),
            Self::Moving(job) => format!("上次升级的数据迁移尚未完成:请等待或重试任务 {job},或回滚"),
            Self::Canary { former, percent } => format!("新版本正对 {percent}% 的调用者试用(其余使用 {former}),请先推广或回滚"),
            Self::NotCanary(steps) => format!("无法按比例试用,以下内容不属于纯新增:{}", steps.join("、")),
            Self::NoCanary => "当前没有按比例试用的版本".to_owned(),
            Self::Share(share) => format!("{share} 不是有效比例:试用比例为 1 至 99"),
            Self::Tests(_) => "扩展包自带的测试未通过".to_owned(),
            Self::TestsFirst => "自带测试须在任何变更之前运行,请在文档中最先安装".to_owned(),
            Self::TestsUnavailable => "自带测试暂时无法运行".to_owned(),
            Self::Damaged => "扩展包文件无法读取".to_owned(),
            Self::NoPackage | Self::Bundle(_) | Self::Load(_) | Self::Limit { .. } | Self::Told(_) => "扩展包有误".to_owned(),
        }
    }
}

impl Classify for InstallError {
    fn kind(&self) -> Kind {
        match self {
            Self::Forbidden | Self::NoExport => Kind::Forbidden,
            Self::NoPackage | Self::NoTrace => Kind::NotFound,
            Self::Bundle(error) => error.kind(),
            Self::Load(error) => error.kind(),
            Self::Limit { .. } => Kind::Exhausted,
            Self::VersionTaken(_) | Self::InUse(_) | Self::Moving(_) | Self::Canary { .. } => Kind::Conflict,
            Self::Told(problem) => problem.kind,
            Self::Grants(_) | Self::Older { .. } | Self::Tests(_) => Kind::Refused,
            Self::Damaged | Self::TestsUnavailable => Kind::Unavailable,
            Self::Reserved(_)
            | Self::Platform { .. }
            | Self::Requires(_)
            | Self::RequiredBy(_)
            | Self::NoPrevious
            | Self::NotInstalled
            | Self::SwitchedOff
            | Self::NotCanary(_)
            | Self::NoCanary
            | Self::Share(_)
            | Self::TestsFirst
            | Self::NoSetting(_)
            | Self::NoSecret(_)
            | Self::Value { .. } => Kind::Invalid,
        }
    }

    fn problem(&self) -> Problem {
        let words = |problem: Problem| Problem {
            rule: Some(self.rule().into()),
            message: Message::new(self.to_string(), self.chinese()),
            ..problem
        };
        match self {
            Self::Bundle(error) => error.problem(),
            Self::Load(error) => error.problem(),
            Self::Told(problem) => (**problem).clone(),
            Self::NoPackage => {
                Problem { message: Message::new("there is no such package", "扩展包不存在"), ..Problem::of_kind(Kind::NotFound) }
            }
            Self::Limit { limit, max } => {
                let max = u64::try_from(*max).unwrap_or(u64::MAX);
                Problem::exhausted(limit, max, max + 1)
            }
            Self::Grants(lines) => words(Problem::of_kind(Kind::Refused))
                .with("confirmable", true)
                .with("grants", lines.iter().map(|line| Json::from(line.key.as_str())).collect::<Vec<_>>()),
            Self::NotCanary(steps) => words(Problem::of_kind(Kind::Invalid)).with("steps", steps.clone()),
            Self::Tests(outcomes) => {
                let failed = outcomes.iter().filter(|one| one.failure.is_some()).map(HostTestOutcome::json);
                words(Problem::of_kind(Kind::Refused)).with("tests", failed.collect::<Vec<_>>())
            }
            other => words(Problem::of_kind(other.kind())),
        }
    }
}
