package preceptor.hapi;

import ca.uhn.fhir.rest.server.RestfulServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * A local HAPI FHIR R4 server: in memory, on the loopback address only, with no authorization.
 *
 * <p>Arguments: {@code [port] [--stop-with-stdin]}; port 0 takes a free one. Prints {@code ready URL} when it listens.
 */
public final class Server {
  private Server() {}

  public static void main(String[] arguments) throws Exception {
    int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 0;
    if (arguments.length > 1 && arguments[1].equals("--stop-with-stdin")) {
      stopWithStdin();
    }
    AnnotationConfigApplicationContext spring = new AnnotationConfigApplicationContext(Configuration.class);
    org.eclipse.jetty.server.Server jetty = listen(port, spring.getBean(RestfulServer.class));
    int chosen = ((ServerConnector) jetty.getConnectors()[0]).getLocalPort();
    System.out.println("ready http://127.0.0.1:" + chosen + "/fhir");
    jetty.join();
  }

  private static org.eclipse.jetty.server.Server listen(int port, RestfulServer fhir) throws Exception {
    org.eclipse.jetty.server.Server jetty =
        new org.eclipse.jetty.server.Server(new InetSocketAddress("127.0.0.1", port));
    ServletContextHandler context = new ServletContextHandler("/");
    context.addServlet(new ServletHolder(fhir), "/fhir/*");
    jetty.setHandler(context);
    jetty.start();
    return jetty;
  }

  /** Ends this process when whoever started it is gone: a killed test run leaves no server behind. */
  private static void stopWithStdin() {
    Thread watcher = new Thread(() -> {
      try {
        while (System.in.read() >= 0) {
          // Only the end of the input matters.
        }
      } catch (IOException ended) {
        // A broken input is an ended one.
      }
      Runtime.getRuntime().halt(0);
    });
    watcher.setDaemon(true);
    watcher.start();
  }
}
