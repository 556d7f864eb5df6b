// nbgrader's formgrader waits for MathJax before it sets the focus. This says at once that MathJax is ready; formulas stay as written.
var MathJax = {Hub: {Startup: {signal: {Interest: function (react) { react("End"); }}}}};
