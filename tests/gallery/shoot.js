/* shoot.js JOBS: takes a picture of each page of a list, [{"url", "file", "width", "height", "keys", "wait_ms"}], in headless
 * Chromium. Prints what could not be taken; ends with 1 then. */
'use strict';
const fs = require('fs');
const {chromium} = require('playwright-core');

async function shoot(browser, job) {
  const page = await browser.newPage({viewport: {width: job.width, height: job.height}});
  await page.goto(job.url, {waitUntil: 'load'});
  await page.waitForTimeout(job.wait_ms);
  for (const key of job.keys || []) {
    await page.keyboard.press(key);
    await page.waitForTimeout(500);
  }
  await page.screenshot({path: job.file});
  await page.close();
}

async function main() {
  const jobs = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
  const browser = await chromium.launch({executablePath: process.env.CHROMIUM, args: ['--no-sandbox']});
  let failed = 0;
  for (const job of jobs) {
    try {
      await shoot(browser, job);
    } catch (error) {
      console.error(`${job.url}: ${error.message.split('\n')[0]}`);
      failed = 1;
    }
  }
  await browser.close();
  process.exit(failed);
}

main();
