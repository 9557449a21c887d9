cat > shop.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: shop
  labels:
    app: shop
    team: garden
spec:
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    seccompProfile:
      type: RuntimeDefault
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities:
        drop: ["ALL"]
    volumeMounts:
    - name: tmp
      mountPath: /tmp
    resources:
      requests:
        cpu: 50m
        memory: 32Mi
      limits:
        memory: 64Mi
    livenessProbe:
      httpGet:
        path: /healthz
        port: 8080
      periodSeconds: 2
    readinessProbe:
      httpGet:
        path: /ready
        port: 8080
      periodSeconds: 2
  volumes:
  - name: tmp
    emptyDir: {}
END
kubectl delete pod shop --now
kubectl apply -f shop.yaml
kubectl wait --for=condition=Ready pod/shop --timeout=60s
kubectl describe pod shop
