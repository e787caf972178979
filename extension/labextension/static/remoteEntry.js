/**
 * The door through which JupyterLab 4 and Notebook 7 find the viewer: a federated extension written by hand. It registers
 * one MIME renderer; everything that is shown comes from the ES modules beside this file.
 */
(() => {
  const here = new URL(".", document.currentScript.src).href;
  const MIME_TYPE = "application/vnd.adkit.trace.v1+json";

  /** Shared modules of the application, as webpack's module federation hands them over. */
  let shared = {};

  /** The viewer itself, loaded at once so that the first output need not wait, and its style sheet with it. */
  const viewer = import(`${here}trace.js`).then(async (module) => {
    await module.loadStyle();
    return module;
  });
  viewer.catch(() => {}); // reported where a trace is to be shown

  import(`${here}explorer.js`).then(({ keepKeys, watchPictures }) => {
    keepKeys(window);
    watchPictures(document);
  }, () => {}); // without it the mouse still serves

  async function sharedModule(name) {
    const versions = Object.values(shared[name] || {});
    const provided = versions.find((version) => version.loaded) || versions[0];
    if (!provided) throw new Error(`adkit: the application does not share ${name}`);
    return (await provided.get())();
  }

  function rendererClass(Widget) {
    return class TraceRenderer extends Widget {
      constructor() {
        super();
        this.addClass("adkit-output");
      }

      async renderModel(model) {
        const data = model.data[MIME_TYPE];
        try {
          const { mount } = await viewer;
          if (this.isDisposed) return;
          const text = JSON.stringify(data);
          if (this.view && this.text !== text) this.view.update(data);
          else if (!this.view) this.view = mount(this.node, data);
          this.text = text; // an update that changes nothing must not take away what the reader points at
        } catch (error) {
          console.error("adkit: the viewer could not be loaded", error);
          this.node.textContent = "The adkit viewer could not be loaded. Reload the page; if that does not help, reinstall adkit.";
        }
      }

      dispose() {
        if (this.view) this.view.dispose();
        this.view = null;
        super.dispose();
      }
    };
  }

  async function mimeExtension() {
    const { Widget } = await sharedModule("@lumino/widgets");
    const TraceRenderer = rendererClass(Widget);
    return {
      id: "adkit:trace",
      description: "Shows adkit traces.",
      rendererFactory: { safe: true, mimeTypes: [MIME_TYPE], createRenderer: () => new TraceRenderer() },
      rank: 0, // text/html, which the same output carries for other places, has 50
      dataType: "json",
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB.adkit = {
    init(scope) {
      shared = scope;
    },
    async get(module) {
      if (module !== "./mime") throw new Error(`adkit has no module ${module}`);
      const extension = await mimeExtension();
      return () => ({ __esModule: true, default: extension });
    },
  };
})();
