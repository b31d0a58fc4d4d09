// The names of the model's files, as book/tools/live_files.py gives them.

/**
 * @param {number} file
 * @returns {string}
 */
export function rowFileName(file) {
  return `rows/${file}`;
}

/**
 * @param {string} name
 * @returns {number} The file's number among those of rows.
 */
export function rowFileNumber(name) {
  return Number(name.replace("rows/", ""));
}
