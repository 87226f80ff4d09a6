// Reads QR codes from the camera: by the browser itself where it can (BarcodeDetector), else by the decoder in vendor/qr.
// <div> holds <video> and [data-scan-view-said]; `found` is called with the text of each code, once while it is in sight.
import { _ } from "./words.js";

const PAUSE = 90; // ms between looks
const WIDE = 1280; // pixels of a look at most: enough for a code of 12 mm on a whole page
const AGAIN = 2500; // ms out of sight until the same sheet counts as shown again

export class Camera {
  constructor(view, found) {
    this.view = view;
    this.video = view.querySelector("video");
    this.said = view.querySelector("[data-scan-view-said]");
    this.found = found;
    this.canvas = document.createElement("canvas");
    this.seen = new Map(); // sheet → when it was last in sight
  }

  async open() {
    this.say(_("正在打开相机……"));
    const [read, stream] = await Promise.all([reader(), navigator.mediaDevices.getUserMedia({
      audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } },
    })]);
    if (this.closed) return stop(stream);
    this.stream = stream;
    this.video.srcObject = stream;
    await this.video.play();
    this.say(_("把一页角上的二维码对准画面，一份扫一页就够。"));
    this.look(read);
  }

  close() {
    this.closed = true;
    if (this.stream) stop(this.stream);
    this.video.srcObject = null;
  }

  async look(read) {
    while (!this.closed) {
      const picture = this.draw();
      const text = picture && await read(picture).catch(() => "");
      if (text && !this.closed && this.isNew(text)) this.found(text);
      await new Promise((later) => { setTimeout(later, PAUSE); });
    }
  }

  draw() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return null;
    const scale = Math.min(1, WIDE / Math.max(videoWidth, videoHeight));
    this.canvas.width = Math.round(videoWidth * scale);
    this.canvas.height = Math.round(videoHeight * scale);
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    return this.canvas;
  }

  // A page has two codes, a copy many pages: what differs between them is page, corner and authenticator.
  isNew(text) {
    const sheet = text.replace(/P\d+(N\d+(?:C\d+)?(?:A\d+)?)[TB]\.\w+$/i, "$1");
    const now = performance.now();
    const before = this.seen.get(sheet) ?? -Infinity;
    this.seen.set(sheet, now);
    return now - before > AGAIN;
  }

  show(tone, words) {
    this.view.dataset.is = tone;
    this.say(words);
    navigator.vibrate?.(tone === "done" ? 60 : [60, 60, 60]);
  }

  say(words) { this.said.textContent = words; }
}

const stop = (stream) => { for (const track of stream.getTracks()) track.stop(); };

async function reader() {
  if ("BarcodeDetector" in window) {
    const formats = await window.BarcodeDetector.getSupportedFormats().catch(() => []);
    if (formats.includes("qr_code")) {
      const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
      return async (canvas) => (await detector.detect(canvas))[0]?.rawValue ?? "";
    }
  }
  const { decodeQR } = await import("../../vendor/qr/decode.js");
  return async (canvas) => decodeQR(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height));
}
