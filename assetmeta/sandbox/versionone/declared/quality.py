"""Regression testing, builds and change sets."""

from __future__ import annotations

DECLARED = """
RegressionPlan : BaseAsset
    Scope! -> Scope.RegressionPlans
    Owner -> Member.OwnedRegressionPlans
    Reference Text

RegressionSuite : BaseAsset short=Number number=RS
    Number~ Text, Reference Text, Estimate Numeric
    RegressionPlan! -> RegressionPlan.RegressionSuites
    Owner -> Member.OwnedRegressionSuites
    RegressionTests* -> RegressionTest.RegressionSuites

RegressionTest : BaseAsset short=Number number=RT
    Number~ Text, Reference Text, Tags Text, TaggedWith* Text
    Setup LongText, Inputs LongText, Steps LongText, ExpectedResults LongText
    Scope! -> Scope.RegressionTests
    Team -> Team.RegressionTests
    Status -> RegressionTestStatus.RegressionTests
    Category -> TestCategory.RegressionTests
    Owners* -> Member.OwnedRegressionTests
    GeneratedFrom -> Test.GeneratedRegressionTests
    do Inactivate, Reactivate

Environment : BaseAsset short=Number number=EV
    Number~ Text
    Scope! -> Scope.Environments
    do Inactivate, Reactivate

TestSuite : BaseAsset
    Reference! Text
    do Inactivate, Reactivate

BuildProject : BaseAsset
    Reference! Text
    do Inactivate, Reactivate

BuildRun : BaseAsset order=Date
    BuildProject! -> BuildProject.BuildRuns
    Date! Date, Reference Text, Elapsed Numeric
    Source -> BuildSource.BuildRuns
    Status -> BuildStatus.BuildRuns
    ChangeSets* -> ChangeSet.BuildRuns

ChangeSet : BaseAsset
    Reference! Text
"""
