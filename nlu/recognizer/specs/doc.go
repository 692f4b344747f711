// Package specs runs the finders of values against test specifications that others wrote, and says how many cases pass.
//
// There are two kinds. [Read] reads a folder in the layout of Recognizers-Text, <Domain>/<Language>/<Model>.json or .json.gz; [Run] asks the
// [Model] of that name for its results and compares them with the expected ones: text, span, type and value of each, none missing, none
// extra. [ReadITN] reads lines of spoken and written forms; [RunITN] compares what a [Rewriter] makes of the spoken form.
//
// The harness knows nothing of how values are found: it gets a table of functions. [Models] is the table for the finders of this module;
// the adapters in it put what they find into the shape of the specifications, number format of .NET included.
//
// A case whose expectation is wrong, or holds only on one platform, may be set aside by name and with a reason in aside.yaml. Cases set
// aside are run and reported, but count in no rate.
//
// # Spoken and written forms: which convention
//
// Two public suites disagree about what the written form is. The target is that of nemo_itn for both languages.
//
//   - Chinese: it keeps one convention in all files (八月八日 → 8月8日, 一千零一 → 1,001, 五千美元 → US$5000). wetext_itn runs the same inputs
//     under four settings with four answers (二两 → 2两 or 二两, 一千克 → 1kg or 1000g) and writes what Chinese customers do not (八月八日 → 08/08,
//     三万四五 → 34000-5000).
//   - English: wetext_itn is taken from nemo_itn (of the lines that both have, all agree); nemo_itn has more of them, and files in which the
//     case of the input must survive.
package specs
