// Package chart draws charts as SVG: lines with their intervals, bars, stacked bars, heatmaps. A chart is a value in and a text out; nothing is
// measured or run in the browser. Colours and fonts come from classes that the page's style sheet defines ([Style]), so that one picture fits a
// light page, a dark one and paper. Every picture has a title and a description for those who cannot see it, every mark a tooltip.
package chart
