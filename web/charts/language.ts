/**
 * uPlot formats numbers in `navigator.language` and fails as it loads where that is no language tag, as in a browser started
 * under the POSIX locale ("en-US@posix"). Imported before uPlot, this gives such a browser the language without its suffix.
 */
try {
  Intl.getCanonicalLocales(navigator.language)
} catch {
  Object.defineProperty(navigator, 'language', { value: navigator.language.split('@')[0] || 'en', configurable: true })
}

export {}
