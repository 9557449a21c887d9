# Three Pods, the probe on another page of the server, and by patches.
kubectl scale deployment web --replicas=3
kubectl patch deployment web --patch '{"spec":{"template":{"spec":{"containers":[{"name":"app","readinessProbe":{"tcpSocket":{"port":8080},"periodSeconds":1}}]}}}}'
kubectl rollout status deployment web --timeout=120s
